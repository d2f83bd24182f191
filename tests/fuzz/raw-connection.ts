import { once } from "node:events";
import { connect, type Socket } from "node:net";

export type RawAnswer = { readonly status: number; readonly head: string; readonly body: string };

/** What a peer did that is not an answer. */
export class ConnectionEnded extends Error {
  override readonly name = "ConnectionEnded";
}

/** A keep-alive connection on which any bytes can be sent, including those that no HTTP client would send. */
export class RawConnection {
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  #isEnded = false;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#isEnded = true;
      this.#wake();
    });
  }

  static async open(port: number): Promise<RawConnection> {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    await once(socket, "connect");
    return new RawConnection(socket);
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  send(bytes: Uint8Array | string): void {
    if (!this.#isEnded) this.#socket.write(bytes);
  }

  /** The next answer. Rejects with ConnectionEnded if the peer closes first, with an Error if nothing comes in `timeoutMs`. */
  async answer(timeoutMs: number, isHead = false): Promise<RawAnswer> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const answer = this.#take(isHead);
      if (answer !== null) return answer;
      if (this.#isEnded) throw new ConnectionEnded("The server closed the connection without an answer.");
      await this.#change(deadline);
    }
  }

  /** Waits for the peer to close. Rejects if it does not in `timeoutMs`. */
  async ended(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (!this.#isEnded) await this.#change(deadline);
  }

  close(): void {
    this.#socket.destroy();
  }

  async #change(deadline: number): Promise<void> {
    const leftMs = deadline - performance.now();
    if (leftMs <= 0) throw new Error("The server neither answered nor closed the connection.");
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, leftMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #take(isHead: boolean): RawAnswer | null {
    const end = this.#received.indexOf("\r\n\r\n");
    if (end === -1) return null;
    const head = this.#received.toString("latin1", 0, end);
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0);
    if (status === 100) {
      this.#received = this.#received.subarray(end + 4);
      return this.#take(isHead);
    }
    const length = isHead ? 0 : Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
    if (this.#received.length < end + 4 + length) return null;
    const body = this.#received.toString("utf8", end + 4, end + 4 + length);
    this.#received = this.#received.subarray(end + 4 + length);
    return { status, head, body };
  }
}
