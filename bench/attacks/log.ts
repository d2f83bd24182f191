/** A server whose log nobody reads, and callers that make it write. */
import { signedRequest } from "../signed-request.ts";
import type { Attack, Target } from "./attack.ts";
import { beginCalling, type NextRequest } from "./begin-calling.ts";

/** LIMIT: refused handshakes end their connections; at most this many are made. */
const handshakesMax = 20_000;

const handshake = (at: number): Buffer =>
  Buffer.from(
    [
      `GET /acs/ws?agentHash=0&agentVersion=1.97.0&clusterArn=c&containerInstanceArn=made-up-${at}&seqNum=1 HTTP/1.1`,
      "Host: 127.0.0.1",
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      "\r\n",
    ].join("\r\n"),
  );

/** A thousand targets that are not operations, in turn. */
const unknownCall = ({ port, key }: Target, at: number): Promise<Buffer> =>
  signedRequest(port, `NoSuchService_${at % 1_000}.Operation`, {}, key);

const attack = (name: string, says: string, request: NextRequest): Attack => ({
  name,
  kind: "log",
  says,
  server: { command: "serve", standardError: "unread", flags: ["--log-level", "debug"] },
  bystander: "list",
  seconds: 10,
  begin: beginCalling(request),
});

export const logAttacks: readonly Attack[] = [
  attack("refused agents, log unread", "handshakes of invented agents; nobody reads standard error", (_target, at) =>
    at < handshakesMax ? handshake(at) : null,
  ),
  attack("unknown calls, log unread", "calls of invented services; nobody reads standard error", unknownCall),
];
