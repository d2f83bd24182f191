/** Connections that occupy what every caller needs and contribute nothing: bodies, heads and handshakes that never end. */
import { signedRequest } from "../signed-request.ts";
import { type Attack, attackerSources, bystanderSources, type Target } from "./attack.ts";
import { type HeldSocketsOptions, holdSockets } from "./held-sockets.ts";

/** The largest body that the server accepts. */
const bodyBytes = 262_144;
const oneAddress = [bystanderSources[0]];
const seconds = 10;
const serve = { command: "serve" } as const;

type Held = Omit<HeldSocketsOptions, "port" | "opening"> & {
  readonly opening: (target: Target) => Promise<Uint8Array | string> | string;
};

const attack = (name: string, says: string, held: Held, server: Attack["server"] = serve): Attack => ({
  name,
  kind: "bodies",
  says,
  server,
  bystander: "list",
  seconds,
  begin: async (target) => holdSockets({ ...held, port: target.port, opening: await held.opening(target) }),
});

const head = (more: readonly string[]): string => ["POST / HTTP/1.1", "Host: 127.0.0.1", ...more, "\r\n"].join("\r\n");

const anonymous = (): string => head([`Content-Length: ${bodyBytes}`]);

/** The head of a call whose signature would be right if its body came. */
async function signed({ port, key }: Target, framing: "length" | "chunked" = "length"): Promise<Buffer> {
  const padding = bodyBytes - '{"family":""}'.length;
  const body = { family: "x".repeat(padding) };
  const request = await signedRequest(port, "RegisterTaskDefinition", body, key, { framing });
  return request.subarray(0, request.indexOf("\r\n\r\n") + 4);
}

const upgrade = [
  "GET /acs/ws?agentHash=0&agentVersion=1.97.0&clusterArn=default&containerInstanceArn=x&seqNum=1 HTTP/1.1",
  "Host: 127.0.0.1",
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
].join("\r\n");

const tls = { ...serve, tls: true };

/** The first bytes of a ClientHello of 512 bytes. */
const clientHello = Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03]);

export const bodyAttacks: readonly Attack[] = [
  attack("silent bodies", "256 sockets without a key announce a body of 256 KiB and send nothing", {
    count: 256,
    sources: oneAddress,
    opening: anonymous,
  }),
  attack("silent signed bodies", "256 sockets with a key announce a body of 256 KiB and send nothing", {
    count: 256,
    sources: oneAddress,
    opening: (target) => signed(target),
  }),
  attack("silent bodies from 32 addresses", "1,024 sockets with a key announce 256 KiB each and send nothing", {
    count: 1_024,
    sources: attackerSources,
    opening: (target) => signed(target),
  }),
  attack("dripped bodies", "256 sockets with a key send one byte of a body each second", {
    count: 256,
    sources: oneAddress,
    opening: (target) => signed(target),
    drip: "x",
  }),
  attack("dripped chunks", "256 sockets with a key send one chunk of one byte each second", {
    count: 256,
    sources: oneAddress,
    opening: (target) => signed(target, "chunked"),
    drip: "1\r\nx\r\n",
  }),
  attack("large halves of bodies", "1,024 sockets with a key send 200 KiB of 256 KiB", {
    count: 1_024,
    sources: attackerSources,
    opening: async (target) => Buffer.concat([await signed(target), Buffer.alloc(200 * 1024, "x")]),
  }),
  attack("half headers", "4,096 sockets send a header line each second", {
    count: 4_096,
    sources: oneAddress,
    opening: () => "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n",
    drip: "X: y\r\n",
  }),
  attack("half handshakes of agents", "1,024 sockets begin a WebSocket handshake", {
    count: 1_024,
    sources: oneAddress,
    opening: () => upgrade,
  }),
  attack("silent connections", "16,384 sockets from 32 addresses say nothing", {
    count: 16_384,
    sources: attackerSources,
    opening: () => "",
  }),
  attack(
    "half TLS handshakes",
    "16,384 sockets from 32 addresses send the first bytes of a TLS handshake",
    { count: 16_384, sources: attackerSources, opening: async () => clientHello },
    tls,
  ),
];
