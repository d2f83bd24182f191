/** Requests as bytes: the usual envelope, and many malformed ones. */
import { gzipSync } from "node:zlib";
import type { OperationName } from "../../src/ecs/machine/operations.ts";
import type { RandomStream } from "../../src/lib/random.ts";
import { ecs, operationNamed } from "../../src/wire/services.ts";
import { place } from "./fuzzed-server.ts";

/** Differences from a POST of `/` by a correct client. Null leaves a header out. */
export type Envelope = {
  readonly method?: string;
  readonly path?: string;
  readonly version?: string;
  readonly host?: string | null;
  readonly target?: string | null;
  readonly authorization?: string | null;
  readonly more?: readonly string[];
  /** Other bytes instead of the body. */
  readonly body?: (body: Buffer) => Buffer;
  /** How the body is announced and sent. Default: by its length. */
  readonly framing?: (body: Buffer) => { readonly headers: readonly string[]; readonly bytes: Buffer };
  /** Whether client and server may disagree on where the request ends, so that nothing else is sent on its connection. */
  readonly isAlone?: boolean;
};

export type RequestParts = Envelope & { readonly operation: OperationName; readonly content: Buffer };

const ecsPrefix = ecs.targetPrefix;
const credential = (account: string, region: string): string =>
  `AWS4-HMAC-SHA256 Credential=${account}/20261121/${region}/ecs/aws4_request, SignedHeaders=host, Signature=00ff`;
export const looseAuthorization = credential(place.account, place.region);

/** The target header of an operation. */
export const targetOf = (operation: OperationName): string =>
  `${operationNamed(operation).service.targetPrefix}.${operation}`;

/** The bytes of a request. */
export function httpRequest(parts: RequestParts): Buffer {
  const { method = "POST", path = "/", version = "HTTP/1.1", host = "127.0.0.1", more = [] } = parts;
  const { framing = byLength, body = (same: Buffer) => same } = parts;
  const target = parts.target === undefined ? targetOf(parts.operation) : parts.target;
  const authorization = parts.authorization === undefined ? looseAuthorization : parts.authorization;
  const { headers, bytes } = framing(body(parts.content));
  const lines = [`${method} ${path} ${version}`];
  if (host !== null) lines.push(`Host: ${host}`);
  lines.push(...headers);
  if (target !== null) lines.push(`X-Amz-Target: ${target}`);
  if (authorization !== null) lines.push(`Authorization: ${authorization}`);
  lines.push(...more);
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), bytes]);
}

const byLength = (body: Buffer) => ({ headers: [`Content-Length: ${body.length}`], bytes: body });

/** In chunks of `size` bytes, with `extension` after each size and `trailer` after the last chunk. */
const inChunks =
  (size: number, extension = "", trailer = "") =>
  (body: Buffer) => {
    const parts: Buffer[] = [];
    for (let at = 0; at < body.length; at += size) {
      const chunk = body.subarray(at, at + size);
      parts.push(Buffer.from(`${chunk.length.toString(16)}${extension}\r\n`), chunk, Buffer.from("\r\n"));
    }
    return {
      headers: ["Transfer-Encoding: chunked"],
      bytes: Buffer.concat([...parts, Buffer.from(`0\r\n${trailer}\r\n`)]),
    };
  };

/** With these headers instead of the length, and the bytes unchanged. */
const announcedBy =
  (...headers: string[]) =>
  (body: Buffer) => ({ headers: headers.map((header) => header.replace("LENGTH", String(body.length))), bytes: body });

/** With these headers instead of the length, and the bytes in chunks: no end of the request is awaited. */
const chunkedBy =
  (...headers: string[]) =>
  (body: Buffer) => ({ ...announcedBy(...headers)(body), bytes: inChunks(100)(body).bytes });

/** Something odd about the envelope of a request of `operation`. */
export function oddEnvelope(operation: OperationName, random: RandomStream): Envelope {
  const kinds = [oddTargets(operation), oddLines, oddCredentials, oddHeaders, oddPlaces, oddBodies, oddFramings];
  const odd = kinds[random.below(kinds.length)] ?? [];
  return odd[random.below(odd.length)] ?? {};
}

const oddTargets = (operation: OperationName): readonly Envelope[] => [
  { target: null },
  { target: "" },
  { target: "." },
  { target: operation },
  { target: `${ecsPrefix}.${operation.toLowerCase()}` },
  { target: `${ecsPrefix}.${operation} ` },
  { target: `${ecsPrefix}..${operation}` },
  { target: `${ecsPrefix}.constructor` },
  { target: `${ecsPrefix}.__proto__` },
  { target: `BerthV1.${operation}` },
  { target: "BerthV1.__proto__" },
  { target: `${ecsPrefix}.${operation}` },
  { target: `DynamoDB_20120810.${operation}` },
  { target: "x".repeat(4_000) },
  { target: `${ecsPrefix}.${"é".repeat(100)}` },
  { target: `${ecsPrefix}.${operation}, ${ecsPrefix}.ListClusters` },
  { more: [`X-Amz-Target: ${operation}`] },
  { more: [`X-Amz-Target: ${targetOf(operation)}`] },
];

const oddLines: readonly Envelope[] = [
  ...["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND", "TRACE"].map((method) => ({ method })),
  { method: "BREW" },
  { method: "post" },
  { method: "CONNECT", isAlone: true },
  { method: "GET", path: "/health" },
  { method: "GET", path: "/metrics" },
  { method: "POST", path: "/health" },
  { method: "HEAD", path: "/health" },
  { method: "GET", path: "/acs/ws" },
  { method: "POST", path: "/tcs/ws?x=1" },
  { path: "/x" },
  { path: "//" },
  { path: "/%" },
  { path: "/%00" },
  { path: "/%2e%2e/%ff" },
  { path: "/../../etc/passwd" },
  { path: "/?Action=ListClusters" },
  { path: `/?${"a=1&".repeat(2_000)}` },
  { path: "/?__proto__=1&constructor=2&%=3" },
  { path: "*" },
  { path: "http://127.0.0.1/" },
  { path: "http://example.com:80/" },
  { path: "\\", isAlone: true },
  { version: "HTTP/1.0", isAlone: true },
];

const oddCredentials: readonly Envelope[] = [
  { authorization: null },
  { authorization: "" },
  { authorization: "Bearer x" },
  { authorization: "AWS4-HMAC-SHA256 " },
  { authorization: "AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=, Signature=" },
  { authorization: "AWS4-HMAC-SHA256 Credential=1/2/../ecs/aws4_request, SignedHeaders=host, Signature=0" },
  { authorization: looseAuthorization.replaceAll(", ", ",") },
  { authorization: looseAuthorization.replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256") },
  { authorization: looseAuthorization.replace("SignedHeaders=host", `SignedHeaders=${"host;".repeat(1_500)}`) },
  { authorization: looseAuthorization.replace("SignedHeaders=host", "SignedHeaders=__proto__;constructor") },
  { authorization: `${looseAuthorization}, ${looseAuthorization}` },
  { authorization: `AWS4-HMAC-SHA256 ${"Credential=".repeat(1_000)}` },
  { more: [`Authorization: ${credential("999999999999", "us-east-1")}`] },
  { more: ["X-Amz-Date: yesterday", "X-Amz-Security-Token: "] },
  { more: [`X-Amz-Security-Token: ${"t".repeat(8_000)}`] },
  { more: ["X-Amz-Security-Token: one", "X-Amz-Security-Token: two"] },
  { more: ["X-Amz-Date: 20261121T000000Z", "X-Amz-Date: 19700101T000000Z"] },
  { more: ["X-Amz-Date: 99999999T999999Z", `X-Amz-Content-Sha256: ${"0".repeat(64)}`] },
  { more: ["X-Amz-Content-Sha256: UNSIGNED-PAYLOAD"] },
  { more: ["X-Amz-Content-Sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "X-Amz-Decoded-Content-Length: 2"] },
];

const oddHeaders: readonly Envelope[] = [
  { more: ["Content-Encoding: gzip"] },
  { more: ["Content-Type: text/plain", "Content-Type: application/json"] },
  { more: ["Content-Type: multipart/form-data"] },
  { more: ["Content-Type: ;;;=,"] },
  { more: [`Content-Type: application/json; charset=${"u".repeat(5_000)}`] },
  { more: ["Content-Type: application/x-amz-json-1.1; charset=utf-16"] },
  { more: ["Accept: text/html;q=\u00ff", "Accept-Encoding: gzip, br", "Range: bytes=0-1"] },
  { more: ["Expect: 100-continue"] },
  { more: ["Expect: 200-maybe"], isAlone: true },
  { more: ["Upgrade: websocket", "Connection: Upgrade"] },
  { more: ["Upgrade: h2c", "Connection: Upgrade, HTTP2-Settings", "HTTP2-Settings: AAMAAABkAAQAAP__"] },
  { more: ["Connection: close"] },
  { more: ["Connection: close, keep-alive, Authorization, Host"] },
  { more: [`X-Long: ${"y".repeat(12_000)}`] },
  { more: Array.from({ length: 500 }, (_, at) => `X-${at}: y`) },
  { more: ["__proto__: x", "constructor: y", "toString: z", "hasOwnProperty: 1"] },
  { more: ["User-Agent: Amazon ECS Agent - v1.97.0 (fuzz)"] },
  { more: ["Origin: http://example.com"] },
  { more: ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors"] },
  { more: ["X-Forwarded-For: 1.2.3.4", "X-Forwarded-Host: example.com", "Forwarded: for=1.2.3.4"] },
  { more: ["X-HTTP-Method-Override: DELETE"] },
  { more: ["X: a\u0000b"], isAlone: true },
  { more: ["X: a", " folded"], isAlone: true },
  { more: ["X : y"], isAlone: true },
  { more: ["X: a\nY: b"], isAlone: true },
  { host: null, isAlone: true },
  { host: "" },
  { host: "example.com" },
  { host: "127.0.0.1:99999999" },
  { host: "[::1" },
  { host: "127.0.0.1, example.com" },
  { host: "h".repeat(5_000) },
  { more: ["Host: example.com"], isAlone: true },
];

/** Accounts and regions that nobody has, or that no scope can name. */
const oddPlaces: readonly Envelope[] = [
  ...["us-east-1", "cn-north-1", "us-gov-west-1", "mars-north-1", "EU-WEST-1", "eu-west-1a", "-", "..", "%2e", "*"],
  ...["r".repeat(32), "r".repeat(33), "r".repeat(4_000), "", " ", "eu-west-1/../x", "__proto__", "eu\u00e9"],
]
  .map((region) => credential(place.account, region))
  .concat(
    ["999999999999", "000000000000", "00000000000", "1234567890123", "12345678901a", "__proto__", "", "é"].map(
      (account) => credential(account, place.region),
    ),
  )
  .map((authorization) => ({ authorization }));

const oddBodies: readonly Envelope[] = [
  { body: () => Buffer.alloc(0) },
  { body: () => Buffer.from("null") },
  { body: () => Buffer.alloc(200_000, " ") },
  { body: () => Buffer.alloc(262_144, "[") },
  { body: (body) => Buffer.concat([Buffer.from("\ufeff"), body]) },
  { body: (body) => Buffer.from(body.toString("utf8"), "utf16le") },
  { body: (body) => Buffer.from(body.toString("utf8"), "latin1") },
  { body: (body) => gzipSync(body), more: ["Content-Encoding: gzip"] },
  { body: (body) => Buffer.from(`${body.toString("utf8")}\u0000`) },
  { body: (body) => Buffer.concat([body, body]) },
  { body: (body) => Buffer.concat([body, Buffer.alloc(100_000, "\n")]) },
  // Each member twice: the last one counts, or nothing does.
  { body: (body) => Buffer.from(body.toString("utf8").replace(/^\{(.+)\}$/s, "{$1,$1}")) },
  { body: (body) => Buffer.from(body.toString("utf8").replace(/"/g, "'")) },
  { body: (body) => Buffer.from(body.toString("utf8").replace(/\w/g, (c) => escaped(c))) },
  { body: (body) => Buffer.from(encodeURIComponent(body.toString("utf8"))) },
];

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

const oddFramings: readonly Envelope[] = [
  { framing: inChunks(1_000_000) },
  { framing: inChunks(7) },
  { framing: inChunks(100, ";name=value") },
  { framing: inChunks(100, `;${"x".repeat(2_000)}`), isAlone: true },
  { framing: inChunks(1_000, "", "X-Trailer: y\r\nAuthorization: z\r\n"), more: ["Trailer: X-Trailer"] },
  { framing: announcedBy("Content-Length: LENGTH", "Content-Length: LENGTH"), isAlone: true },
  { framing: announcedBy("Content-Length: LENGTH, LENGTH"), isAlone: true },
  { framing: announcedBy("Content-Length: LENGTH", "Content-Length: 0"), isAlone: true },
  { framing: announcedBy("Content-Length: +LENGTH"), isAlone: true },
  { framing: announcedBy("Content-Length: 0xLENGTH"), isAlone: true },
  { framing: announcedBy("Content-Length: LENGTH.0"), isAlone: true },
  { framing: announcedBy("Content-Length: 99999999999999999999999999"), isAlone: true },
  { framing: announcedBy("Content-Length: 1"), isAlone: true },
  { framing: chunkedBy("Content-Length: LENGTH", "Transfer-Encoding: chunked"), isAlone: true },
  { framing: chunkedBy("Transfer-Encoding: chunked", "Content-Length: LENGTH"), isAlone: true },
  { framing: announcedBy("Transfer-Encoding: identity", "Content-Length: LENGTH"), isAlone: true },
  { framing: chunkedBy("Transfer-Encoding: gzip, chunked"), isAlone: true },
  { framing: chunkedBy("Transfer-Encoding: chunked, identity"), isAlone: true },
  { framing: chunkedBy("Transfer-Encoding: xchunked"), isAlone: true },
  { framing: chunkedBy("Transfer-Encoding:\u000bchunked"), isAlone: true },
];
