/** Which service a request is for, as its head shows it: before its body is there, and before anybody knows who sent it. */
import { Form } from "./protocols/form.ts";
import type { ApiOperation, ServiceDefinition } from "./service-definition.ts";
import { services } from "./services.ts";
import { answeredInForm, answeredInTarget, operationOfTarget, serviceOfTarget } from "./target.ts";

/** What is known of a request without its body. */
export type RequestHead = {
  readonly method: string;
  /** As in the request line, without the query. */
  readonly path: string;
  /** As in the request line after the question mark. "" without one. */
  readonly query: string;
  /** By lower-case names. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
};

export type CallRoute =
  /** A call of a built-in service whose header names its operation. */
  | { readonly type: "target"; readonly service: ServiceDefinition; readonly operation: ApiOperation }
  /** A call of a built-in service whose form names its operation: the body, or the query string of a GET. */
  | { readonly type: "form"; readonly service: ServiceDefinition; readonly isSigned: boolean }
  /** Something for another service; `service` is what the request calls it, null when it doesn't say. */
  | { readonly type: "elsewhere"; readonly service: string | null };

/** A built-in service that a companion answers instead is none. */
export type IsBuiltIn = (service: ServiceDefinition) => boolean;

/**
 * As {@link routeOf}, where a companion has the operations that a service around ECS lacks: their calls are for elsewhere as well. A form in a body isn't
 * known yet; {@link answeredInForm} decides about it. ECS's own absent operations stay here: another ECS knows nothing of these clusters.
 */
export function routeBesideCompanion(head: RequestHead, isBuiltIn: IsBuiltIn): CallRoute {
  const target = single(head.headers["x-amz-target"]);
  const named = target === undefined ? null : serviceOfTarget(target);
  if (target !== undefined && named?.rulebook != null && answeredInTarget(named, target) === null) {
    return { type: "elsewhere", service: named.signingName };
  }
  const route = routeOf(head, isBuiltIn);
  if (route.type !== "form" || head.method !== "GET") return route;
  const { service, isSigned } = route;
  if (answeredInForm(service, new Form(head.query)) !== null) return route;
  return { type: "elsewhere", service: isSigned ? service.signingName : null };
}

/**
 * Where a request goes. AWS: each service has a host of its own; behind one address the target prefix and the service in the signature's scope say
 * which one is meant. Throws WireError(UnknownOperationException) for a call of a built-in service that has no such operation.
 */
export function routeOf(head: RequestHead, isBuiltIn: IsBuiltIn): CallRoute {
  const target = single(head.headers["x-amz-target"]);
  const named = target === undefined ? null : serviceOfTarget(target);
  if (named !== null) {
    if (!isBuiltIn(named)) return { type: "elsewhere", service: named.signingName };
    return { type: "target", service: named, operation: operationOfTarget(target) };
  }
  const signedFor = signingNameOf(head);
  if (signedFor === null) {
    const anonymous = target === undefined && hasForm(head) ? anonymousService(isBuiltIn) : null;
    if (anonymous !== null) return { type: "form", service: anonymous, isSigned: false };
    return { type: "elsewhere", service: target?.split(/[._]/, 1)[0] ?? null };
  }
  const known = services.find(({ signingName }) => signingName === signedFor);
  if (known === undefined || !isBuiltIn(known)) return { type: "elsewhere", service: signedFor };
  if (known.protocol.namesOperationIn === "form" && head.path === "/") {
    return { type: "form", service: known, isSigned: true };
  }
  // It is signed for a built-in service, and names no operation of it.
  return { type: "target", service: known, operation: operationOfTarget(head.headers["x-amz-target"]) };
}

/** The service that a call without a signature may be for. */
function anonymousService(isBuiltIn: IsBuiltIn): ServiceDefinition | null {
  const hasAnonymous = ({ rulebook }: ServiceDefinition): boolean =>
    rulebook !== null && Object.values(rulebook.operations).some(({ anonymous }) => anonymous === true);
  return services.find((service) => isBuiltIn(service) && hasAnonymous(service)) ?? null;
}

/** Whether a request may be a call of the query protocol. */
function hasForm({ method, path, query, headers }: RequestHead): boolean {
  if (path !== "/") return false;
  if (method === "GET") return new URLSearchParams(query).has("Action");
  return method === "POST" && /^application\/x-www-form-urlencoded\b/i.test(single(headers["content-type"]) ?? "");
}

/**
 * The service that a request is signed for, or null for one without a signature: in the `Authorization` header or, for a presigned URL, in the query.
 * Version 4a has no region in its scope, and S3 alone still knows version 2.
 */
export function signingNameOf({ query, headers }: Pick<RequestHead, "query" | "headers">): string | null {
  const authorization = single(headers.authorization);
  const credential =
    authorization === undefined
      ? presignedCredential(query)
      : (/Credential=([^,\s]{1,300})/.exec(authorization)?.[1] ?? null);
  if (credential !== null) return /\/([a-z0-9-]{1,64})\/aws4_request$/.exec(credential)?.[1] ?? null;
  if (authorization?.startsWith("AWS ")) return "s3";
  return /(?:^|&)AWSAccessKeyId=/.test(query) ? "s3" : null;
}

function presignedCredential(query: string): string | null {
  return query.includes("X-Amz-Credential=") ? new URLSearchParams(query).get("X-Amz-Credential") : null;
}

function single(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === "string" ? header : undefined;
}
