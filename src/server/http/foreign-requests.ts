/** Requests that a web page may have sent: refused on every route and socket, before anything else is looked at. */
import type { IncomingMessage } from "node:http";
import { WireError } from "../../wire/errors.ts";
import { type AllowedHosts, type HostName, parseHost } from "./allowed-hosts.ts";

export type ForeignRequestPolicy = {
  readonly hosts: AllowedHosts;
  /**
   * Whether a call that is signed may name any host. Its signature covers the Host header and is checked before anything is done,
   * so a page without a key gains nothing; and proxies and load balancers have names of their own.
   */
  readonly signedUnderAnyHost: boolean;
};

/** LIMIT: what a refusal repeats of a header; names of hosts are at most this long. */
const shownMax = 253;

/** Why a request is refused, or null when no foreign web page can have sent it. */
export function foreignRefusal(
  request: IncomingMessage,
  { hosts, signedUnderAnyHost }: ForeignRequestPolicy,
): WireError | null {
  const { headers, url = "" } = request;
  const { localAddress, localPort } = request.socket;
  const arrived = { localAddress, localPort };
  if (!url.startsWith("/") && url !== "*") {
    return denied("The request target must begin with /: Berth is no proxy.");
  }
  const given = namedHosts(request.rawHeaders);
  const host = given.length === 1 ? parseHost(given[0] ?? "") : null;
  if (host === null) return denied("A request needs one Host header with a name or an address and a port.");
  const { origin } = headers;
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin" && site !== "none") {
    return denied(
      "Requests from web pages of other sites are refused (Sec-Fetch-Site). Call Berth from outside a browser.",
    );
  }
  if (origin !== undefined && !isOwnOrigin(origin, host)) {
    return denied("Requests from web pages of other origins are refused (Origin). Call Berth from outside a browser.");
  }
  if (hosts.allows(host, arrived)) return null;
  if (cannotBeBrowser(request) || hasSignature(request)) {
    if (hosts.isNameForContainers(host, arrived)) return null;
    if (signedUnderAnyHost && headers.authorization !== undefined) return null;
  }
  const shown = `${host.name}${host.port === null ? "" : `:${host.port}`}`.slice(0, shownMax);
  return denied(
    `Requests for the host ${shown} are refused: a web page could send them by DNS rebinding. If the name is yours, start Berth with --allow-host ${host.name}.`,
  );
}

const denied = (text: string): WireError => new WireError("AccessDeniedException", text);

/** All Host headers: node:http shows the first one only. */
function namedHosts(rawHeaders: readonly string[]): string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === "host");
}

/** An origin is compared with the Host header, which was found to be ours or is refused by its own check. */
function isOwnOrigin(origin: string, host: HostName): boolean {
  const [, scheme, rest = ""] = /^(https?):\/\/([^/]+)$/i.exec(origin) ?? [];
  const from = scheme === undefined ? null : parseHost(rest);
  return from !== null && from.name === host.name && from.port === host.port;
}

/** Browsers name the page's origin in every request except GET and HEAD, and in every WebSocket handshake, and cannot be kept from it. */
function cannotBeBrowser(request: IncomingMessage): boolean {
  const { method = "", headers } = request;
  return !namesPage(request) && (!/^(?:GET|HEAD)$/.test(method) || headers.upgrade?.toLowerCase() === "websocket");
}

/**
 * A signed read for another service, such as S3's clients send it. A page can add the header to a request only where the API has the name of the page itself: names for
 * containers are nowhere in the world's DNS, and where any host is right, the signature is checked.
 */
function hasSignature(request: IncomingMessage): boolean {
  const signedFor = /^AWS4-HMAC-SHA256 .*?\/([a-z0-9-]+)\/aws4_request/.exec(request.headers.authorization ?? "")?.[1];
  return !namesPage(request) && signedFor !== undefined && signedFor !== "ecs";
}

const namesPage = ({ headers }: IncomingMessage): boolean =>
  headers.origin !== undefined || headers["sec-fetch-site"] !== undefined;
