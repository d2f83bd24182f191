/** One run of mutated requests from a seed: each is answered, none with a 5xx, and what is refused leaves nothing behind. */
import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { answeredNames, isAnsweredName, type OperationName } from "../../src/ecs/machine/operations.ts";
import { type RandomStream, seededRandom } from "../../src/lib/random.ts";
import { sampleStructure } from "../../src/wire/sample-values.ts";
import { controlPlaneOperations, operationNamed } from "../../src/wire/services.ts";
import { type FuzzedServer, type FuzzedServerAuth, startFuzzedServer } from "./fuzzed-server.ts";
import { type LikelyRequests, likelyRequests } from "./likely-requests.ts";
import { mutatedBytes, mutatedJson } from "./mutate.ts";
import { type Envelope, httpRequest, oddEnvelope } from "./odd-envelope.ts";
import { ConnectionEnded, RawConnection } from "./raw-connection.ts";
import { signedEnvelope } from "./signed-envelope.ts";

export type RequestFuzzOptions = {
  /** Any text. Every request follows from it. */
  readonly seed: string;
  readonly requests: number;
  readonly auth: FuzzedServerAuth;
  /** Called after each thousand requests, and after the last, with how many are done. */
  readonly onProgress?: (done: number) => void;
  /** Called after each thousand requests: whether to end early. */
  readonly shouldStop?: () => boolean;
};

/** LIMIT: an answer takes less than a millisecond; on a machine that is busy with other tests, a few hundred. */
const answerTimeoutMs = 10_000;
const connectionsKept = 4;

type Fuzzed = {
  readonly operation: OperationName;
  readonly bytes: Buffer;
  readonly isHead: boolean;
  readonly isAlone: boolean;
};

const all = controlPlaneOperations.map(({ name }) => name);

/**
 * How often each status was answered. 0 means connections that were closed without an answer. Throws AssertionError for a breach.
 */
export async function fuzzRequests(options: RequestFuzzOptions): Promise<ReadonlyMap<number, number>> {
  const server = await startFuzzedServer(options.auth);
  try {
    return await new RequestFuzz(server, options).run();
  } finally {
    await server.close();
  }
}

class RequestFuzz {
  readonly #server: FuzzedServer;
  readonly #options: RequestFuzzOptions;
  readonly #random: RandomStream;
  readonly #likely: LikelyRequests;
  readonly #references: readonly string[];
  readonly #statuses = new Map<number, number>();
  #connections: RawConnection[] = [];
  #contents: string;
  #refusedInARow = 0;

  constructor(server: FuzzedServer, options: RequestFuzzOptions) {
    this.#server = server;
    this.#options = options;
    this.#random = seededRandom(options.seed).stream("fuzz");
    this.#likely = likelyRequests(server.references);
    this.#references = [...Object.values(server.references), "default", "nobody", "fuzz:1", "family:fuzz"];
    this.#contents = server.contents();
  }

  async run(): Promise<ReadonlyMap<number, number>> {
    const { requests, onProgress, shouldStop } = this.#options;
    for (let i = 0; i < requests; i++) {
      await this.#one(i);
      if ((i + 1) % 1_000 !== 0 && i + 1 !== requests) continue;
      onProgress?.(i + 1);
      if (shouldStop?.() === true) break;
    }
    for (const connection of this.#connections) connection.close();
    assert.deepEqual(this.#server.errors, []);
    assert.deepEqual(
      this.#server.machines().filter(({ state }) => state !== "running"),
      [],
    );
    await this.#expectWorking();
    return this.#statuses;
  }

  async #one(i: number): Promise<void> {
    const server = this.#server;
    const fuzzed = await this.#draw(i);
    const { seed } = this.#options;
    const says = () => `seed ${seed}, request ${i}: ${fuzzed.bytes.toString("latin1").slice(0, 3_000)}`;
    const appendsBefore = server.appends();
    const mayChange = isAnsweredName(fuzzed.operation) && !isRead(fuzzed.operation);
    const toldBefore = mayChange && i % 5 === 0 ? await server.told() : null;

    const status = await this.#answeredStatus(i, fuzzed).catch((error: unknown) => {
      throw new Error(says(), { cause: error });
    });

    this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1);
    // A mutated signature may name a service that Berth doesn't have, and 501 says so.
    if (status >= 500 && status !== 501) assert.fail(`answered with ${status}; ${says()}\n${server.errors.join("\n")}`);
    if (status !== 200) {
      assert.equal(server.appends(), appendsBefore, `refused, and written all the same; ${says()}`);
      if (toldBefore !== null)
        assert.equal(await server.told(), toldBefore, `refused, and done all the same; ${says()}`);
      this.#refusedInARow += 1;
    } else {
      if (isRead(fuzzed.operation)) assert.equal(server.appends(), appendsBefore, `a read that writes; ${says()}`);
      this.#refusedInARow = 0;
      await this.#quiet();
    }
    if (this.#refusedInARow === 0) this.#contents = server.contents();
    else if (this.#refusedInARow % 16 === 0) assert.equal(server.contents(), this.#contents, says());
  }

  /** Waits until what follows an answered call is written: clusters are asked whether they use a deleted task definition. */
  async #quiet(): Promise<void> {
    let appends = -1;
    while (appends !== this.#server.appends()) {
      appends = this.#server.appends();
      for (let turn = 0; turn < 4; turn++) await setImmediate();
    }
  }

  /** The status of the answer. 0 if the server closed the connection, as it may if the bytes are not a request. */
  async #answeredStatus(i: number, { bytes, isHead, isAlone }: Fuzzed): Promise<number> {
    const connection = isAlone ? await RawConnection.open(this.#server.port) : await this.#kept(i);
    connection.send(bytes);
    try {
      const { status, head } = await connection.answer(answerTimeoutMs, isHead);
      if (/^connection: close/im.test(head)) await connection.ended(answerTimeoutMs);
      return status;
    } catch (error) {
      if (error instanceof ConnectionEnded) return 0;
      throw error;
    } finally {
      if (isAlone) connection.close();
    }
  }

  async #kept(i: number): Promise<RawConnection> {
    this.#connections = this.#connections.filter(({ isEnded }) => !isEnded);
    while (this.#connections.length < connectionsKept) {
      this.#connections.push(await RawConnection.open(this.#server.port));
    }
    return this.#connections[i % connectionsKept] as RawConnection;
  }

  async #draw(i: number): Promise<Fuzzed> {
    const random = this.#random;
    const operation = all[i % all.length];
    assert.ok(operation !== undefined);
    // Absent operations are refused before their body is looked at: one round in four is enough for them.
    const chosen =
      isAnsweredName(operation) || i % 4 === 0 ? operation : answeredNames[random.below(answeredNames.length)];
    assert.ok(chosen !== undefined);
    const isLikely = isAnsweredName(chosen) && random.chance(0.75);
    const request = isLikely
      ? this.#likely[chosen]
      : sampleStructure(
          operationNamed(chosen).shapes.input,
          random,
          random.chance(0.5) ? "all" : "some",
          random.chance(0.5),
        );
    let content: Buffer = Buffer.from(mutatedJson(request, this.#references, random));
    if (random.chance(0.15)) content = Buffer.from(mutatedBytes(content, random));
    const odd = random.chance(0.1) ? oddEnvelope(chosen, random) : {};
    return { operation: chosen, ...(await this.#bytes(chosen, content, odd)) };
  }

  async #bytes(operation: OperationName, content: Buffer, odd: Envelope): Promise<Omit<Fuzzed, "operation">> {
    const envelope =
      this.#options.auth === "signed" ? await signedEnvelope({ operation, content, ...odd }, this.#random) : odd;
    return {
      bytes: httpRequest({ operation, content, ...envelope }),
      isHead: envelope.method === "HEAD",
      isAlone: envelope.isAlone ?? false,
    };
  }

  /** A valid call works afterwards. */
  async #expectWorking(): Promise<void> {
    const operation = "CreateCluster";
    const content = Buffer.from('{"clusterName":"afterwards"}');
    const envelope = this.#options.auth === "signed" ? await signedEnvelope({ operation, content }, null) : {};
    const connection = await RawConnection.open(this.#server.port);
    connection.send(httpRequest({ operation, content, ...envelope }));
    const { status, body } = await connection.answer(answerTimeoutMs);
    connection.close();
    assert.equal(status, 200, body);
    assert.equal((JSON.parse(body) as { cluster: { clusterName: string } }).cluster.clusterName, "afterwards");
  }
}

const isRead = (operation: string): boolean => /^(Describe|List|Get|Discover|Explain|Plan)/.test(operation);
