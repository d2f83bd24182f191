import { requestTooLarge, serializationError, throttled } from "../../wire/errors.ts";
import type { Admission, FairGate } from "./fair-gate.ts";
import type { Exchange, HttpConnection, HttpConnections } from "./http-connections.ts";
import type { HttpLimits } from "./http-limits.ts";
import { PaceWatch } from "./pace-watch.ts";

/** A body arrives too slowly. */
export class SlowBodyError extends Error {
  override readonly name = "SlowBodyError";

  constructor() {
    super("The body of the request arrives too slowly.");
  }
}

const emptyBody = new Uint8Array(0);

/** LIMIT: what is set aside for a body at first, more than most calls need; it grows by doubling, with what has arrived. */
const firstBytes = 4_096;

/**
 * Reads the bodies of requests. What counts is what has arrived, not what a head announces; each connection, each address and all
 * together may make the server hold so much, and a body must keep coming.
 */
export class HttpBodies {
  readonly #limits: HttpLimits;
  readonly #connections: HttpConnections;
  readonly #gate: FairGate;
  readonly #pace: PaceWatch;

  constructor(limits: HttpLimits, connections: HttpConnections, gate: FairGate) {
    this.#limits = limits;
    this.#connections = connections;
    this.#gate = gate;
    this.#pace = new PaceWatch({ graceMs: limits.transferGraceMs, bytesPerSecond: limits.transferBytesPerSecond });
  }

  /**
   * The body of the request that the connection is at, once it has arrived and the asker has its turn. A small body that arrives in the
   * look in which the head was let through needs no second turn. It may have `bodyBytes` bytes. Throws WireError: RequestEntityTooLargeException if the body is too
   * large, ThrottlingException if it has to give way to others, SerializationException if it ends too early. Throws SlowBodyError if it
   * takes too long.
   */
  async read(
    { request, response }: Exchange,
    connection: HttpConnection,
    { asker, look }: Admission,
    bodyBytes = this.#limits.bodyBytes,
  ): Promise<Uint8Array> {
    const announced = Number(request.headers["content-length"] ?? 0);
    if (announced > bodyBytes) throw requestTooLarge(bodyBytes);
    if (request.headers.expect !== undefined) response.writeContinue();
    const body = new GrowingBody(bodyBytes, announced);
    const done = Promise.withResolvers<void>();
    const give = (error: Error) => done.reject(error);
    const transfer = this.#pace.start(() => give(new SlowBodyError()));
    connection.giveUpBody = () => give(throttled());
    const take = (chunk: Buffer): void => {
      const grown = body.add(chunk);
      transfer.bytes += chunk.length;
      if (grown === null) give(requestTooLarge(bodyBytes));
      else if (grown > 0) this.#connections.holdBytes(connection, grown);
    };
    const cut = () => give(serializationError("The request ended before its body was complete."));
    // Until its turn the body counts as one that arrives: it takes as much memory.
    const ended = (): void => {
      this.#pace.end(transfer);
      request.off("close", cut);
      const isSmall = body.capacity <= firstBytes && this.#gate.look === look;
      const turn = isSmall ? null : this.#gate.pass(asker, body.bytes.length);
      if (turn === null) done.resolve();
      else void turn.then(done.resolve);
    };
    request.on("data", take);
    request.once("end", ended);
    request.once("error", cut);
    request.once("close", cut);
    try {
      await done.promise;
      return body.bytes;
    } finally {
      this.#pace.end(transfer);
      connection.giveUpBody = null;
      request.off("data", take);
      this.#connections.holdBytes(connection, -body.capacity);
    }
  }
}

/**
 * Bytes that arrive in chunks, kept in one piece: a chunk of one byte costs a buffer of its own, which would hold hundreds of times
 * what it counts. A chunk that is the whole body is kept as it is: Node gives each chunk a buffer of its size.
 */
class GrowingBody {
  readonly #bytesMax: number;
  readonly #announced: number;
  #buffer: Buffer | null = null;
  #length = 0;

  constructor(bytesMax: number, announced: number) {
    this.#bytesMax = bytesMax;
    this.#announced = announced;
  }

  get bytes(): Uint8Array {
    return this.#buffer?.subarray(0, this.#length) ?? emptyBody;
  }

  /** The bytes that are set aside. */
  get capacity(): number {
    return this.#buffer?.length ?? 0;
  }

  /** Adds a chunk and gives by how much the capacity grew; null when the body is too large. */
  add(chunk: Buffer): number | null {
    const length = this.#length + chunk.length;
    if (length > this.#bytesMax) return null;
    const before = this.capacity;
    if (before === 0 && length === this.#announced) {
      this.#buffer = chunk;
      this.#length = length;
      return length;
    }
    if (length > before) {
      const larger = Buffer.allocUnsafeSlow(Math.min(this.#bytesMax, Math.max(firstBytes, length, before * 2)));
      this.#buffer?.copy(larger);
      this.#buffer = larger;
    }
    if (this.#buffer !== null) chunk.copy(this.#buffer, this.#length);
    this.#length = length;
    return this.capacity - before;
  }
}
