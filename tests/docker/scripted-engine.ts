/** The other end of the socket, answering as the test says, for what a real engine does only on its worst days. */

import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

export type Asked = {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
};

/** Answers, or returns a value that is sent as JSON. `undefined` leaves the caller without an answer. */
export type Answer = (asked: Asked, response: ServerResponse) => unknown;

export const hang: Answer = () => undefined;
export const refuse =
  (status: number, message: string): Answer =>
  (_asked, response) => {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify({ message }));
  };
export const breakOff: Answer = (_asked, response) => {
  response.destroy();
};

export class ScriptedEngine {
  readonly asked: Asked[] = [];
  /**
   * The answers by `METHOD /path` (without the version), with `*` for one part of the path. A list is used up except for its last
   * entry.
   */
  readonly answers: Record<string, Answer | Answer[]> = {};
  readonly #folder: string;
  readonly #server: Server;
  readonly #streams = new Set<ServerResponse>();

  private constructor(folder: string) {
    this.#folder = folder;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async open(): Promise<ScriptedEngine> {
    const engine = new ScriptedEngine(await mkdtemp(join(tmpdir(), "berth-scripted-")));
    engine.answers["GET /_ping"] = (_asked, response) => {
      response.writeHead(200, { "api-version": "1.41" }).end("OK");
    };
    engine.answers["GET /events"] = (_asked, response) => {
      response.writeHead(200).flushHeaders();
      engine.#streams.add(response);
    };
    await new Promise<void>((resolve) => engine.#server.listen(join(engine.#folder, "d.sock"), resolve));
    return engine;
  }

  get dockerHost(): string {
    return `unix://${join(this.#folder, "d.sock")}`;
  }

  /** How many listen to events. */
  get listeners(): number {
    return this.#streams.size;
  }

  sendEvent(event: object): void {
    for (const stream of this.#streams) stream.write(`${JSON.stringify(event)}\n`);
  }

  breakStreams(): void {
    for (const stream of this.#streams) stream.destroy();
    this.#streams.clear();
  }

  count(call: string): number {
    return this.asked.filter(({ method, path }) => matches(call, `${method} ${path}`)).length;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    const url = new URL(request.url ?? "", "http://docker");
    const path = decodeURIComponent(url.pathname).replace(/^\/v1\.\d+/, "");
    const asked: Asked = { method: request.method ?? "", path, query: url.searchParams, body };
    this.asked.push(asked);
    const call = `${asked.method} ${path}`;
    const key = this.answers[call] === undefined ? Object.keys(this.answers).find((name) => matches(name, call)) : call;
    const found = this.answers[key ?? ""] ?? refuse(404, `nothing is scripted for ${call}`);
    const answer = Array.isArray(found) ? (found.length > 1 ? found.shift() : found[0]) : found;
    const value = answer?.(asked, response);
    if (value === undefined || value === response || response.writableEnded) return;
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
  }
}

function matches(pattern: string, call: string): boolean {
  const wanted = pattern.split("/");
  const parts = call.split("/");
  return wanted.length === parts.length && wanted.every((part, at) => part === "*" || part === parts[at]);
}
