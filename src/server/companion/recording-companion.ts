/** A companion that records what comes and answers as each test says. For tests. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type RecordedRequest = {
  readonly method: string;
  readonly url: string;
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[];
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
};

export class RecordingCompanion {
  readonly server: Server;
  readonly requests: RecordedRequest[] = [];
  /** Called when the whole request is there. */
  answer: (request: RecordedRequest, response: ServerResponse) => void = (_, response) => response.end("answered");
  /** Takes over a request before its body is read, when it is set. */
  takeOver: ((request: IncomingMessage, response: ServerResponse) => void) | null = null;

  private constructor() {
    this.server = createServer((request, response) => {
      if (this.takeOver !== null) return this.takeOver(request, response);
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const { method = "", url = "", rawHeaders, headers } = request;
        const recorded = { method, url, rawHeaders, headers, body: Buffer.concat(chunks) };
        this.requests.push(recorded);
        this.answer(recorded, response);
      });
    });
    this.server.requestTimeout = 0;
  }

  static async open(): Promise<RecordingCompanion> {
    const companion = new RecordingCompanion();
    companion.server.listen(0, "127.0.0.1");
    await once(companion.server, "listening");
    return companion;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    const closed = once(this.server, "close");
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }
}
