import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import { FairShare } from "../../lib/fair-share.ts";
import type { HttpConnection, HttpConnections } from "./http-connections.ts";
import type { HttpLimits } from "./http-limits.ts";
import { PaceWatch } from "./pace-watch.ts";

/** LIMIT: an answer goes out in pieces of this size, so that one sees whether its reader moves on. */
const pieceBytes = 65_536;

/**
 * Sends answers, and bounds what readers leave in the server's hands: all together, per address, and in time. The reader that has
 * not moved on for longest is cut first.
 */
export class HttpAnswers {
  readonly #connections: HttpConnections;
  readonly #unread: FairShare<HttpConnection>;
  readonly #pace: PaceWatch;

  constructor(limits: HttpLimits, connections: HttpConnections) {
    this.#connections = connections;
    const bounds = { total: limits.answerBytesUnread, perOwner: limits.answerBytesPerAddress };
    this.#unread = new FairShare(bounds, (connection) => connection.cut());
    this.#pace = new PaceWatch({ graceMs: limits.transferGraceMs, bytesPerSecond: limits.transferBytesPerSecond });
  }

  /** Bytes of answers that are not sent yet. */
  get unreadBytes(): number {
    return this.#unread.total;
  }

  /** Sends an answer in one go or, when its reader takes it slowly, piece by piece. */
  send(response: ServerResponse, connection: HttpConnection, head: AnswerHead, body: string): void {
    const bytes = Buffer.from(body);
    response.writeHead(head.status, { ...head.headers, "content-length": bytes.length });
    // The answer to HEAD is over with its head, and what has no reader any more with nothing.
    if (response.destroyed || response.req.method === "HEAD") {
      response.end();
      return;
    }
    this.#connections.waits(connection);
    this.#unread.hold(connection, connection.address, bytes.length);
    const transfer = this.#pace.start(connection.cut);
    response.once("close", () => {
      this.#unread.release(connection);
      this.#pace.end(transfer);
    });
    this.#sendFrom(response, connection, bytes, 0, (sent) => {
      transfer.bytes = sent;
    });
  }

  #sendFrom(
    response: ServerResponse,
    connection: HttpConnection,
    bytes: Buffer,
    from: number,
    moved: (sent: number) => void,
  ): void {
    const end = from + pieceBytes;
    if (end >= bytes.length) {
      response.end(bytes.subarray(from));
      return;
    }
    response.write(bytes.subarray(from, end), (error) => {
      if (error || response.destroyed) return;
      moved(end);
      this.#unread.hold(connection, connection.address, bytes.length - end);
      this.#unread.touch(connection);
      this.#connections.waits(connection);
      this.#sendFrom(response, connection, bytes, end, moved);
    });
  }
}

export type AnswerHead = { readonly status: number; readonly headers: OutgoingHttpHeaders };
