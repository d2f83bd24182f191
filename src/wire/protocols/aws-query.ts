/** The query protocols: a form with `Action` and `Version`, answers in XML. EC2 has a dialect of its own. */
import type { CallError, RenderedError, WireErrorCode } from "../errors.ts";
import type { ApiOperation, ErrorFacts, Protocol } from "../service-definition.ts";
import type { StructureShape } from "../shapes.ts";
import { Form, type FormNames } from "./form.ts";
import { xmlElement, xmlMembers, xmlText } from "./xml.ts";

/** AWS: the common errors, as the query protocol calls them, and their statuses there. */
const queryErrors: Readonly<Record<WireErrorCode, readonly [code: string, status: number]>> = {
  AccessDeniedException: ["AccessDenied", 403],
  ExpiredTokenException: ["ExpiredToken", 403],
  IncompleteSignatureException: ["IncompleteSignature", 400],
  InvalidSignatureException: ["SignatureDoesNotMatch", 403],
  MissingAuthenticationTokenException: ["MissingAuthenticationToken", 403],
  NotImplementedException: ["NotImplemented", 501],
  RequestEntityTooLargeException: ["RequestEntityTooLarge", 413],
  SerializationException: ["MalformedInput", 400],
  ServiceUnavailableException: ["ServiceUnavailable", 503],
  ThrottlingException: ["Throttling", 400],
  UnknownOperationException: ["InvalidAction", 400],
  UnrecognizedClientException: ["InvalidClientTokenId", 403],
};

/** AWS: the same of EC2. */
const ec2Errors: typeof queryErrors = {
  ...queryErrors,
  AccessDeniedException: ["UnauthorizedOperation", 403],
  ExpiredTokenException: ["RequestExpired", 400],
  InvalidSignatureException: ["AuthFailure", 401],
  MissingAuthenticationTokenException: ["MissingAuthenticationToken", 401],
  SerializationException: ["InvalidParameterValue", 400],
  ServiceUnavailableException: ["Unavailable", 503],
  ThrottlingException: ["RequestLimitExceeded", 503],
  UnrecognizedClientException: ["AuthFailure", 401],
};

/** AWS: members go by their names in XML. */
const queryNames: FormNames = {
  member: (shape, member) => shape.onWire?.get(member)?.xml ?? member,
  areListsFlat: false,
};

/** AWS: members of EC2 go by a name of their own, or by that in XML with a capital letter. */
const ec2Names: FormNames = {
  member: (shape: StructureShape, member) => {
    const onWire = shape.onWire?.get(member);
    if (onWire?.query != null) return onWire.query;
    const name = onWire?.xml ?? member;
    return `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  },
  areListsFlat: true,
};

const parseWith = (names: FormNames) => (operation: ApiOperation, body: string | Uint8Array) =>
  new Form(body).request(operation.shapes.input, names);

const namespaceOf = ({ xmlNamespace }: ErrorFacts): string =>
  xmlNamespace === null ? "" : ` xmlns="${xmlText(xmlNamespace)}"`;

/** AWS: as STS, ELB and CloudWatch answer. */
export const awsQuery: Protocol = {
  namesOperationIn: "form",
  contentType: "text/xml",
  parse: parseWith(queryNames),
  render: ({ name, service, shapes }, reply, requestId) => {
    const members = xmlMembers(shapes.output, reply);
    const result = shapes.output.members.size === 0 ? "" : `<${name}Result>${members}</${name}Result>`;
    const metadata = `<ResponseMetadata>${xmlElement("RequestId", requestId)}</ResponseMetadata>`;
    return `<${name}Response${namespaceOf(service)}>${result}${metadata}</${name}Response>`;
  },
  renderError: (service, error, requestId) => {
    const { status, code } = statusAndCode(service, error, queryErrors);
    const type = xmlElement("Type", status < 500 ? "Sender" : "Receiver");
    const inner = `<Error>${type}${xmlElement("Code", code)}${xmlElement("Message", error.message)}</Error>`;
    const body = `<ErrorResponse${namespaceOf(service)}>${inner}${xmlElement("RequestId", requestId)}</ErrorResponse>`;
    return { status, code, body, contentType: "text/xml" };
  },
};

const xmlHead = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** AWS: as EC2 answers. */
export const ec2Query: Protocol = {
  namesOperationIn: "form",
  contentType: "text/xml;charset=UTF-8",
  parse: parseWith(ec2Names),
  render: ({ name, service, shapes }, reply, requestId) => {
    const inner = `${xmlElement("requestId", requestId)}${xmlMembers(shapes.output, reply)}`;
    return `${xmlHead}<${name}Response${namespaceOf(service)}>${inner}</${name}Response>`;
  },
  renderError: (service, error, requestId) => {
    const { status, code } = statusAndCode(service, error, ec2Errors);
    const inner = `<Error>${xmlElement("Code", code)}${xmlElement("Message", error.message)}</Error>`;
    const body = `${xmlHead}<Response><Errors>${inner}</Errors>${xmlElement("RequestID", requestId)}</Response>`;
    return { status, code, body, contentType: "text/xml;charset=UTF-8" };
  },
};

function statusAndCode(
  { statusOf, queryCodeOf, internalError }: ErrorFacts,
  { by, code, status }: CallError,
  frontDoor: typeof queryErrors,
): Pick<RenderedError, "status" | "code"> {
  if (by === "nobody") return { status: 500, code: internalError };
  if (by === "front-door") {
    const [ownCode, ownStatus] = frontDoor[code as WireErrorCode];
    return { status: ownStatus, code: ownCode };
  }
  return { status: status ?? statusOf(code) ?? 400, code: queryCodeOf(code) };
}
