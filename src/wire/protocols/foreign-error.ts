/** Errors of services that Berth doesn't have: in the form that the client of such a service reads. */
import type { RequestHead } from "../call-route.ts";
import { type CallError, callErrorOf, type RenderedError, renderJsonError } from "../errors.ts";
import type { ErrorFacts } from "../service-definition.ts";
import { awsQuery, ec2Query } from "./aws-query.ts";
import { xmlElement } from "./xml.ts";

const facts: ErrorFacts = {
  xmlNamespace: null,
  statusOf: () => null,
  queryCodeOf: (code) => code,
  isQueryCompatible: false,
  internalError: "InternalFailure",
};

/** AWS: services with paths whose answers are XML. S3 has an error form of its own. */
const xmlServices: ReadonlySet<string> = new Set(["cloudfront", "route53", "s3control"]);
const s3Services: ReadonlySet<string> = new Set(["s3", "s3express", "s3-object-lambda", "s3-outposts"]);

/**
 * The answer to a request for `service` (as its signature names it, null for one without) that ended with `error`. The protocol is that of the service, or
 * follows from what the request looks like.
 */
export function renderForeignError(
  service: string | null,
  head: RequestHead,
  error: unknown,
  requestId: string,
): RenderedError {
  const failure = callErrorOf(error);
  if (service === "ec2") return ec2Query.renderError(facts, failure, requestId);
  if (service !== null && s3Services.has(service)) return s3Error(failure, requestId);
  if (service !== null && xmlServices.has(service)) return awsQuery.renderError(facts, failure, requestId);
  const contentType = headerOf(head, "content-type");
  if (head.headers["x-amz-target"] !== undefined) {
    const isOld = contentType.startsWith("application/x-amz-json-1.0");
    return { ...renderJsonError(failure, facts), contentType: `application/x-amz-json-1.${isOld ? "0" : "1"}` };
  }
  const isQuery = /^application\/x-www-form-urlencoded\b/i.test(contentType) || /(?:^|&)Action=/.test(head.query);
  if (isQuery) return awsQuery.renderError(facts, failure, requestId);
  // AWS: services with paths and JSON name their errors in a header.
  const rendered = renderJsonError(failure, facts);
  return { ...rendered, contentType: "application/json", headers: { "x-amzn-errortype": rendered.code } };
}

function s3Error(failure: CallError, requestId: string): RenderedError {
  const { status, code } = awsQuery.renderError(facts, failure, requestId);
  const inner = `${xmlElement("Code", code)}${xmlElement("Message", failure.message)}${xmlElement("RequestId", requestId)}`;
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${inner}</Error>`;
  return { status, code, body, contentType: "application/xml" };
}

function headerOf({ headers }: RequestHead, name: string): string {
  const value = headers[name];
  return typeof value === "string" ? value : "";
}
