/** 20,000 mutated requests of all operations: each is answered, none with a 5xx, and what is refused leaves nothing behind. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { type RandomStream, seededRandom } from "../../src/lib/random.ts";
import { type ApiOperation, isAnswered, shapesOf } from "../../src/wire/api-operations.ts";
import { berthOperation, berthOperations } from "../../src/wire/berth-operations.ts";
import { operations } from "../../src/wire/operations.ts";
import { sampleStructure } from "../../src/wire/sample-values.ts";
import { type FuzzedServer, place, startFuzzedServer } from "./fuzzed-server.ts";
import { type LikelyRequests, likelyRequests } from "./likely-requests.ts";
import { mutatedBytes, mutatedJson } from "./mutate.ts";
import { ConnectionEnded, RawConnection } from "./raw-connection.ts";

const seed = process.env.BERTH_FUZZ_SEED ?? "1";
const requestsInAll = 20_000;
/** LIMIT: an answer takes less than a millisecond; on a machine that is busy with other tests, some hundred. */
const answerTimeoutMs = 10_000;

const authorization = `AWS4-HMAC-SHA256 Credential=${place.account}/20261121/${place.region}/ecs/aws4_request, SignedHeaders=host, Signature=00ff`;

let server: FuzzedServer;
before(async () => {
  server = await startFuzzedServer();
});
after(() => server.close());

type Fuzzed = { readonly operation: ApiOperation; readonly bytes: Buffer; readonly isHead: boolean };

test("mutated requests are answered without a 5xx, and refused ones change nothing", async () => {
  const random = seededRandom(seed).stream("fuzz");
  const likely = likelyRequests(server.references);
  const references = [...Object.values(server.references), "default", "nobody", "fuzz:1", "family:fuzz"];
  const statuses = new Map<string, number>();
  let connections: RawConnection[] = [];
  let contents = server.contents();
  let refusedInARow = 0;
  for (let i = 0; i < requestsInAll; i++) {
    connections = connections.filter(({ isEnded }) => !isEnded);
    while (connections.length < 4) connections.push(await RawConnection.open(server.port));
    const connection = connections[i % connections.length] as RawConnection;
    const fuzzed = fuzzedRequest(i, likely, references, random);
    const says = () => `seed ${seed}, request ${i}: ${fuzzed.bytes.toString("latin1").slice(0, 3_000)}`;
    const appendsBefore = server.appends();
    const mayChange = isAnswered(fuzzed.operation) && !isRead(fuzzed.operation);
    const toldBefore = mayChange && i % 5 === 0 ? await server.told() : null;

    const status = await answeredStatus(connection, fuzzed).catch((error: unknown) => {
      throw new Error(says(), { cause: error });
    });

    statuses.set(String(status), (statuses.get(String(status)) ?? 0) + 1);
    if (status >= 500) assert.fail(`answered with ${status}; ${says()}\n${server.errors.join("\n")}`);
    if (status !== 200) {
      assert.equal(server.appends(), appendsBefore, `refused, and written all the same; ${says()}`);
      if (toldBefore !== null)
        assert.equal(await server.told(), toldBefore, `refused, and done all the same; ${says()}`);
      refusedInARow += 1;
    } else {
      if (isRead(fuzzed.operation)) assert.equal(server.appends(), appendsBefore, `a read that writes; ${says()}`);
      refusedInARow = 0;
      await quiet();
    }
    if (refusedInARow === 0) contents = server.contents();
    else if (refusedInARow % 16 === 0) assert.equal(server.contents(), contents, says());
  }
  for (const connection of connections) connection.close();
  assert.deepEqual(server.errors, []);
  const machines = server.machines().filter(({ state }) => state !== "running");
  assert.deepEqual(machines, []);
  // The mutations are worth something only when they reach both sides of the checks.
  assert.ok((statuses.get("200") ?? 0) > requestsInAll / 20, JSON.stringify([...statuses]));
  assert.ok((statuses.get("400") ?? 0) > requestsInAll / 4, JSON.stringify([...statuses]));
});

test("afterwards a valid call works", async () => {
  const connection = await RawConnection.open(server.port);
  connection.send(httpRequest({ operation: "CreateCluster", body: Buffer.from('{"clusterName":"afterwards"}') }));
  const { status, body } = await connection.answer(answerTimeoutMs);
  connection.close();
  assert.equal(status, 200, body);
  assert.equal((JSON.parse(body) as { cluster: { clusterName: string } }).cluster.clusterName, "afterwards");
});

const isRead = (operation: string): boolean => /^(Describe|List|Get|Discover|Explain|Plan)/.test(operation);

/** Waits until what follows an answered call is written: clusters are asked whether they use a deleted task definition. */
async function quiet(): Promise<void> {
  let appends = -1;
  while (appends !== server.appends()) {
    appends = server.appends();
    for (let turn = 0; turn < 4; turn++) await setImmediate();
  }
}

/** The status of the answer; 0 when the server closed the connection, as it may do with bytes that are no request. */
async function answeredStatus(connection: RawConnection, { bytes, isHead }: Fuzzed): Promise<number> {
  connection.send(bytes);
  try {
    const { status, head } = await connection.answer(answerTimeoutMs, isHead);
    if (/^connection: close/im.test(head)) {
      await connection.ended(answerTimeoutMs);
    }
    return status;
  } catch (error) {
    if (error instanceof ConnectionEnded) return 0;
    throw error;
  }
}

function fuzzedRequest(i: number, likely: LikelyRequests, references: readonly string[], random: RandomStream): Fuzzed {
  const operation = all[i % all.length];
  assert.ok(operation !== undefined);
  // Absent operations are refused before their body is looked at: one round in four is enough for them.
  const chosen = isAnswered(operation) || i % 4 === 0 ? operation : built[random.below(built.length)];
  assert.ok(chosen !== undefined);
  const isLikely = isAnswered(chosen) && random.chance(0.75);
  const request = isLikely
    ? likely[chosen]
    : sampleStructure(shapesOf(chosen).input, random, random.chance(0.5) ? "all" : "some", random.chance(0.5));
  let body: Uint8Array = Buffer.from(mutatedJson(request, references, random));
  if (random.chance(0.15)) body = mutatedBytes(body, random);
  const isOdd = random.chance(0.1);
  const envelope = isOdd ? oddEnvelope(chosen, random) : {};
  return {
    operation: chosen,
    bytes: httpRequest({ operation: chosen, body: Buffer.from(body), ...envelope }),
    isHead: envelope.method === "HEAD",
  };
}

const all: readonly ApiOperation[] = [...operations, ...berthOperations].map(({ name }) => name);
const built = all.filter((name) => isAnswered(name));

type Envelope = {
  readonly method?: string;
  readonly path?: string;
  readonly target?: string | null;
  readonly authorization?: string | null;
  readonly more?: readonly string[];
};

/** A request line or headers that are not as they should be. */
function oddEnvelope(operation: string, random: RandomStream): Envelope {
  const odd: readonly Envelope[] = [
    { target: null },
    { target: "" },
    { target: operation },
    { target: `AmazonEC2ContainerServiceV20141113.${operation.toLowerCase()}` },
    { target: `AmazonEC2ContainerServiceV20141113.${operation} ` },
    { target: "AmazonEC2ContainerServiceV20141113.constructor" },
    { target: "AmazonEC2ContainerServiceV20141113.__proto__" },
    { target: `BerthV1.${operation}` },
    { target: "BerthV1.__proto__" },
    { target: `AmazonEC2ContainerServiceV20141113.${operation}` },
    { target: `DynamoDB_20120810.${operation}` },
    { target: "x".repeat(4_000) },
    { more: [`X-Amz-Target: ${operation}`] },
    { method: "GET" },
    { method: "HEAD" },
    { method: "PUT" },
    { method: "DELETE" },
    { method: "OPTIONS" },
    { method: "PATCH" },
    { method: "PROPFIND" },
    { method: "BREW" },
    { path: "/x" },
    { path: "//" },
    { path: "/%" },
    { path: "/%00" },
    { path: "/../../etc/passwd" },
    { path: "/?Action=ListClusters" },
    { path: "*" },
    { path: "http://127.0.0.1/" },
    { authorization: null },
    { authorization: "" },
    { authorization: "Bearer x" },
    { authorization: "AWS4-HMAC-SHA256 " },
    { authorization: "AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=, Signature=" },
    { authorization: `AWS4-HMAC-SHA256 Credential=1/2/../ecs/aws4_request, SignedHeaders=host, Signature=0` },
    { more: ["Content-Encoding: gzip"] },
    { more: ["Content-Type: text/plain", "Content-Type: application/json"] },
    { more: ["Content-Type: multipart/form-data"] },
    { more: ["Expect: 100-continue"] },
    { more: ["Upgrade: websocket", "Connection: Upgrade"] },
    { more: ["Connection: close"] },
    { more: [`X-Long: ${"y".repeat(12_000)}`] },
    { more: ["X-Amz-Date: yesterday", "X-Amz-Security-Token: "] },
  ];
  return odd[random.below(odd.length)] ?? {};
}

const prefixOf = (operation: string): string =>
  berthOperation(operation) === null ? "AmazonEC2ContainerServiceV20141113" : "BerthV1";

function httpRequest(parts: Envelope & { readonly operation: string; readonly body: Buffer }): Buffer {
  const { method = "POST", path = "/", more = [], body } = parts;
  const target = parts.target === undefined ? `${prefixOf(parts.operation)}.${parts.operation}` : parts.target;
  const signed = parts.authorization === undefined ? authorization : parts.authorization;
  const lines = [`${method} ${path} HTTP/1.1`, "Host: 127.0.0.1", `Content-Length: ${body.length}`];
  if (target !== null) lines.push(`X-Amz-Target: ${target}`);
  if (signed !== null) lines.push(`Authorization: ${signed}`);
  lines.push(...more);
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), body]);
}
