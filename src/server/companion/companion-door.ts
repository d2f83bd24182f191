/** What happens to a request for a service that Berth doesn't have: passed on to the companion, or answered with an error in that service's form. */
import { randomUUID } from "node:crypto";
import { AuthError } from "../../auth/auth-error.ts";
import { looseCredentials } from "../../auth/authorization-header.ts";
import { authorize, wholeAccount } from "../../auth/authorize.ts";
import { type OtherCredentials, signatureHeaders, signForAnother } from "../../auth/sign-for-another.ts";
import { bodyCheckedLater, type SignedHead, signedBodyHash } from "../../auth/sigv4.ts";
import { OverloadError } from "../../cluster-runner/runner-errors.ts";
import type { RequestHead } from "../../wire/call-route.ts";
import { accessDenied, type RenderedError, throttled, WireError } from "../../wire/errors.ts";
import { renderForeignError } from "../../wire/protocols/foreign-error.ts";
import type { CallMetrics } from "../health/call-metrics.ts";
import { signedHead } from "../http/answer-call.ts";
import type { Authenticate, Authenticated } from "../http/authenticate.ts";
import type { Exchange } from "../http/http-connections.ts";
import type { ServerLog } from "../log/log.ts";
import type { Companion, PassedRequest } from "./companion.ts";
import { passedHeaders } from "./passed-headers.ts";

export type CompanionDoorOptions = {
  readonly companion: Companion;
  /**
   * Where callers are known by their signatures: how, and the key with which calls are signed for the companion. null passes requests on as they came,
   * whoever sent them; those without an account of their own count for `account`.
   */
  readonly signing: { readonly authenticate: Authenticate; readonly credentials: OtherCredentials } | null;
  readonly account: string;
  readonly metrics: CallMetrics;
  readonly log: ServerLog;
};

/** Reads a body of at most that many bytes. */
export type ReadBody = (bytesMax: number) => Promise<Uint8Array>;

/** The headers that are not the companion's business: the body was asked for already. */
const droppedHeaders: ReadonlySet<string> = new Set(["expect"]);

export class CompanionDoor {
  readonly #options: CompanionDoorOptions;

  constructor(options: CompanionDoorOptions) {
    this.#options = options;
  }

  /**
   * Passes a request on, and its answer back. `service` is what the request calls its service. `body` is the body where it was read already, to see what
   * the call is, and otherwise reads it. Gives the error that is to be answered instead, or null when
   * the answer was passed back, whole or cut. Never rejects.
   */
  async answer(
    exchange: Exchange,
    service: string | null,
    head: RequestHead,
    body: ReadBody | Uint8Array,
  ): Promise<RenderedError | null> {
    const startedAt = performance.now();
    const requestId = randomUUID();
    const note = (code: string): void =>
      this.#options.metrics.record("companion", code, (performance.now() - startedAt) / 1000);
    try {
      const passed = await this.#prepare(exchange, service, body);
      if (exchange.request.headers.expect !== undefined && passed.body === null) exchange.response.writeContinue();
      await this.#options.companion.pass(passed, exchange.response);
      note("");
      return null;
    } catch (thrown) {
      const error = thrown instanceof OverloadError ? throttled() : thrown;
      if (!(error instanceof WireError)) this.#options.log.write("pass-on-failed", { requestId, err: error });
      else if (error.code === "ServiceUnavailableException") {
        this.#options.log.write("companion-unavailable", { requestId, service, reason: error.message });
      }
      const rendered = renderForeignError(service, head, error, requestId);
      note(rendered.code);
      return { ...rendered, headers: { ...rendered.headers, "x-amzn-RequestId": requestId } };
    }
  }

  async #prepare({ request }: Exchange, service: string | null, body: ReadBody | Uint8Array): Promise<PassedRequest> {
    const { signing } = this.#options;
    if (signing !== null) return this.#signAgain(request, service, body, signing);
    const headers = framed(request, passedHeaders(request.rawHeaders, droppedHeaders));
    const account = this.#accountOf(request.headers.authorization);
    return { account, request, headers, body: typeof body === "function" ? null : body, sha256: null };
  }

  /** Whose share a request counts against where anybody may claim anything. */
  #accountOf(authorization: string | undefined): string {
    try {
      return looseCredentials(authorization, this.#options.account).account;
    } catch (error) {
      if (error instanceof AuthError) return this.#options.account;
      throw error;
    }
  }

  /** Checks who calls and may call, and signs in the name of Berth. */
  async #signAgain(
    request: Exchange["request"],
    service: string | null,
    given: ReadBody | Uint8Array,
    { authenticate, credentials }: NonNullable<CompanionDoorOptions["signing"]>,
  ): Promise<PassedRequest> {
    if (service === null || request.headers.authorization === undefined) {
      throw new WireError(
        "MissingAuthenticationTokenException",
        "Calls that are passed on need a signature in their Authorization header.",
      );
    }
    const signed = signedHead(service, request.method ?? "GET", request.url ?? "/", request.headers);
    const head: SignedHead = { ...signed, mayBeUnsigned: true };
    const authenticateBody = await authenticate(head);
    const claimed = signedBodyHash(head);
    const body = await bodyToCheck(given, claimed, this.#options.companion.limits.checkedBodyBytes);
    const who = await authenticateBody(body ?? bodyCheckedLater);
    authorizePassing(who, service);
    const added = Object.entries(await signForAnother(head, claimed === "none" ? body : null, credentials)).flat();
    const dropped = new Set([...droppedHeaders, ...signatureHeaders]);
    const headers = framed(request, [...passedHeaders(request.rawHeaders, dropped), ...added]);
    const sha256 = /^[0-9a-f]{64}$/.test(claimed) ? claimed : null;
    return { account: who.account, request, headers, body, sha256 };
  }
}

/** The body, if it has to be there before the signature can be checked; null for one whose hash is signed, which is checked on its way. */
async function bodyToCheck(
  given: ReadBody | Uint8Array,
  claimed: string,
  bytesMax: number,
): Promise<Uint8Array | null> {
  if (typeof given !== "function") return given;
  return claimed === "none" ? await given(bytesMax) : null;
}

/**
 * Berth doesn't know what a call of another service does, so that passing it on is like changing what runs. Tasks may, for what they need is there.
 */
function authorizePassing({ principal }: Authenticated, service: string): void {
  const action = { name: `${service}:*`, level: "operate", agents: null, tasks: "anything" } as const;
  const decision = authorize(principal, action, [wholeAccount]);
  if (!decision.allowed) throw accessDenied(principal.arn, action.name, decision.resource, decision.because);
}

/** How the body is delimited on the way to the companion: by its length, or in chunks if that isn't known. */
function framed(request: Exchange["request"], headers: string[]): string[] {
  if (request.headers["content-length"] !== undefined) return headers;
  if (request.headers["transfer-encoding"] !== undefined) return [...headers, "Transfer-Encoding", "chunked"];
  const hasBody = !/^(?:GET|HEAD|DELETE|OPTIONS|TRACE)$/.test(request.method ?? "");
  return hasBody ? [...headers, "Content-Length", "0"] : headers;
}
