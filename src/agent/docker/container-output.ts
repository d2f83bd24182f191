import type { PayloadContainer } from "../../agent-protocol/to-agent/payload-container.ts";
import type { Log } from "../../lib/log-events.ts";
import { awslogsOptions } from "../logs/awslogs-options.ts";
import type { LogLine, LogPosition } from "../logs/log-event.ts";
import { LogLines, type OutputPiece } from "../logs/log-lines.ts";
import type { LoggedContainer, LogShipper } from "../logs/log-shipper.ts";
import type { LogStream } from "../logs/log-stream.ts";
import type { DockerEngine } from "./engine/docker-engine.ts";
import { isNotFound } from "./engine/docker-error.ts";
import type { Waiting } from "./waiting.ts";

export type ContainerOutputOptions = {
  readonly docker: DockerEngine;
  readonly waiting: Waiting;
  readonly shipper: LogShipper;
  readonly positionOf: (runtimeId: string) => LogPosition | null;
  readonly log: Log;
};

/** Reads the output of one container. */
type Reader = {
  readonly container: LoggedContainer;
  readonly lines: LogLines;
  /** Ends the reading under way, so that the rest is read without waiting for more. */
  readonly stopFollowing: AbortController;
  /** What has been read so far, also by earlier processes. */
  position: LogPosition | null;
  isEnded: boolean;
  done: Promise<void>;
};

/** LIMIT: Docker ends the stream of a container that has ended within milliseconds. If not, its file is read instead. */
const lastPiecesMs = 1_000;
/** LIMIT: longer than the shipper's own limit; beyond it the agent goes on without the last lines, and sends them later. */
const endMs = 8_000;
/** LIMIT: an engine that fails is not asked again at once. */
const againMs = 1_000;

/** The containers' output that is to leave the host: read from Docker, where `docker logs` shows it too, and handed to the shipper. */
export class ContainerOutput {
  readonly #options: ContainerOutputOptions;
  readonly #readers = new Map<string, Reader>();

  constructor(options: ContainerOutputOptions) {
    this.#options = options;
  }

  /** Reads the output of a container that runs, from where it was left. Does nothing for one with another log driver. */
  follow(container: LoggedContainer): void {
    const { runtimeId, spec } = container;
    const known = this.#readers.get(runtimeId);
    if ((known !== undefined && !known.isEnded) || !isShipped(spec)) return;
    const position = known?.position ?? this.#options.positionOf(runtimeId);
    const reader: Reader = {
      container,
      lines: new LogLines(position),
      stopFollowing: new AbortController(),
      position,
      isEnded: false,
      done: Promise.resolve(),
    };
    this.#readers.set(runtimeId, reader);
    reader.done = (known?.done ?? Promise.resolve())
      .then(() => this.#read(reader))
      .catch((error: unknown) => {
        if (this.#options.waiting.signal.aborted) return;
        this.#options.log("container-output-unreadable", { err: error, container: runtimeId });
      });
  }

  /** The container has ended. Resolves when its output is with CloudWatch Logs, or after some seconds without. Never rejects. */
  async end(runtimeId: string): Promise<void> {
    const { waiting } = this.#options;
    const reader = this.#readers.get(runtimeId);
    if (reader === undefined) return;
    reader.isEnded = true;
    const pause = (ms: number): Promise<void> => waiting.pause(ms).catch(() => {});
    void pause(lastPiecesMs).then(() => reader.stopFollowing.abort());
    await Promise.race([reader.done, pause(endMs)]);
  }

  forget(runtimeId: string): void {
    this.#readers.get(runtimeId)?.stopFollowing.abort();
    this.#readers.delete(runtimeId);
    this.#options.shipper.forget(runtimeId);
  }

  async #read(reader: Reader): Promise<void> {
    const { shipper, waiting } = this.#options;
    const { container, stopFollowing, lines } = reader;
    const stream = await shipper.open(container);
    if (stream === null) return;
    while (!reader.isEnded) {
      await this.#readOnce(reader, stream, AbortSignal.any([waiting.signal, stopFollowing.signal]), true);
      // The engine has gone, or the container has ended and nobody has noticed yet.
      if (!reader.isEnded) await waiting.pause(againMs);
    }
    // A stream that follows may leave out a last line without an end.
    await this.#readOnce(reader, stream, waiting.signal, false);
    for (const line of lines.end()) await stream.write(line);
    await shipper.flush(container.runtimeId);
  }

  /** Reads what has come since the last piece. Failures of the engine only end it. */
  async #readOnce(reader: Reader, stream: LogStream, signal: AbortSignal, follow: boolean): Promise<void> {
    const { docker, log, waiting } = this.#options;
    const { runtimeId, spec } = reader.container;
    const start = reader.position;
    let known = start?.count ?? 0;
    try {
      const wanted = { since: start?.at ?? null, follow, hasTerminal: hasTerminal(spec) };
      for await (const piece of docker.outputOf(runtimeId, wanted, { signal })) {
        // Docker begins with the pieces of the time that was asked for.
        if (known > 0 && piece.at === start?.at) {
          known -= 1;
          continue;
        }
        known = 0;
        for (const line of linesIn(reader, piece)) {
          const full = stream.write(line);
          if (full !== null) await full;
        }
      }
    } catch (error) {
      waiting.signal.throwIfAborted();
      if (signal.aborted || isNotFound(error)) return;
      log("container-output-reread", { err: error, container: runtimeId });
    }
  }
}

/** The lines that are complete with this piece. */
function linesIn(reader: Reader, piece: OutputPiece): readonly LogLine[] {
  const { position, lines } = reader;
  reader.position = { at: piece.at, count: position?.at === piece.at ? position.count + 1 : 1 };
  return lines.add(piece);
}

function isShipped(spec: PayloadContainer): boolean {
  try {
    return awslogsOptions(spec) !== null;
  } catch {
    return false;
  }
}

function hasTerminal({ dockerConfig }: PayloadContainer): boolean {
  try {
    return (Object(JSON.parse(dockerConfig?.config || "{}")) as { readonly Tty?: unknown }).Tty === true;
  } catch {
    return false;
  }
}
