import { join } from "node:path";
import type { ControlPlane } from "../cluster-runner/control-plane.ts";
import { assert } from "../lib/assert.ts";
import type { Clock } from "../lib/clock.ts";
import { LogAnswers } from "../log-store/log-answers.ts";
import type { ReceivedBatch } from "../log-store/log-store.ts";
import { ThreadedLogStore } from "../log-store/threaded-log-store.ts";
import { StorePlan } from "../logs/store-plan.ts";
import type { AnswerWithStream, ApiCall, BodyReader } from "./http/answer-call.ts";
import { LiveTails } from "./live-tails.ts";
import type { ServerLog } from "./log/log.ts";
import { LogAdmission } from "./log-admission.ts";

/** LIMIT: room for log events where nobody says how much, as for a test: some hundred thousand lines. */
const bytesMaxDefault = 64 * 1_048_576;

export type BuiltInLogsOptions = {
  /** Null keeps events in memory. */
  readonly dataDir: string | null;
  readonly bytesMax: number | null;
  readonly controlPlane: ControlPlane;
  readonly clock: Clock;
  readonly log: ServerLog;
  /** How many calls the server has answered. */
  readonly calls: () => number;
};

/** CloudWatch Logs in this process: the machines of log groups, and the store of streams and events. */
export class BuiltInLogs {
  readonly store: ThreadedLogStore;
  readonly #answers: LogAnswers;
  readonly #controlPlane: ControlPlane;
  readonly #tails: LiveTails;
  /** How the bodies of PutLogEvents are read: in the store's thread. */
  readonly bodyReaders: ReadonlyMap<string, BodyReader>;
  readonly streams: ReadonlyMap<string, AnswerWithStream>;

  constructor({ dataDir, bytesMax, controlPlane, clock, log, calls }: BuiltInLogsOptions) {
    const file = dataDir === null ? null : join(dataDir, "berth.logs.sqlite");
    const onCrash = (error: Error): void => log.write("log-store-crashed", { reason: error.message });
    const store = new ThreadedLogStore({ file, bytesMax: bytesMax ?? bytesMaxDefault, onCrash });
    const failed = (error: unknown): void => log.write("log-events-not-deleted", { reason: String(error) });
    this.store = store;
    this.#controlPlane = controlPlane;
    this.#answers = new LogAnswers(store, clock);
    this.#tails = new LiveTails(store, clock);
    this.#answers.start(failed);
    controlPlane.services.onEffect(({ service }, effect) => {
      if (service === "logs") this.#answers.onEffect(effect, failed);
    });
    const admission = new LogAdmission({
      stopwatch: () => performance.now(),
      utilization: loopUtilization(),
      threadCpuMs: () => {
        const { user, system } = process.threadCpuUsage();
        return (user + system) / 1_000;
      },
      calls,
    });
    const admits = (bytes: number): boolean => {
      const isAdmitted = admission.admits(bytes);
      if (!isAdmitted) store.shed();
      return isAdmitted;
    };
    const read = async (body: Uint8Array, account: string): Promise<object> => {
      try {
        return await store.receive(body, account);
      } catch (error) {
        admission.answered();
        throw error;
      }
    };
    const release = (request: object): void => {
      admission.answered();
      store.drop(request as ReceivedBatch);
    };
    this.bodyReaders = new Map([["logs:PutLogEvents", { admits, read, release }]]);
    this.streams = new Map([["logs:StartLiveTail", (call, requestId) => this.#tail(call, requestId)]]);
  }

  /** The reply to a call, in API shape. Rejects with Refusal. */
  async answer({ operation, ...call }: ApiCall): Promise<object> {
    const { name } = operation;
    const answered = await this.#controlPlane.callService({ ...call, service: "logs", operation: name });
    return this.#answers.complete(answered, name === "PutLogEvents" ? (call.request as ReceivedBatch) : null);
  }

  async #tail({ operation, ...call }: ApiCall, requestId: string): ReturnType<AnswerWithStream> {
    const planned = await this.#controlPlane.callService({ ...call, service: "logs", operation: operation.name });
    assert(planned instanceof StorePlan && planned.work.type === "follow", "StartLiveTail follows");
    return this.#tails.start(planned.work, requestId);
  }

  /** Ends what would keep a server open that wants to stop. */
  endStreams(): void {
    this.#tails.close();
  }

  /** Writes what is left. */
  close(): Promise<void> {
    return this.#answers.close();
  }
}

/** Gives the share of its time that the event loop was busy since the last call. */
function loopUtilization(): () => number {
  let before = performance.eventLoopUtilization();
  return () => {
    const { utilization } = performance.eventLoopUtilization(before);
    before = performance.eventLoopUtilization();
    return utilization;
  };
}
