/**
 * The task engine with its disk and the reports under way. A step's output is carried out only after the engine's state is on
 * disk; steps that come meanwhile share the next write. So after a crash the agent knows every container that it ordered and
 * repeats every report that was not accepted.
 */
import type { EcsApi } from "../agent-protocol/connection.ts";
import { must } from "../lib/assert.ts";
import type { Clock, Timer } from "../lib/clock.ts";
import type { Log } from "../lib/log-events.ts";
import type { RandomStream } from "../lib/random.ts";
import { type AgentDisk, type AgentState, type StateChanges, stateFormat } from "./agent-disk.ts";
import type { ContainerRuntime } from "./container-runtime.ts";
import type { EngineTask, StateChange } from "./engine/engine-state.ts";
import {
  type EngineInput,
  type EngineOptions,
  type EngineOutput,
  engineDefaults,
  type TaskHealth,
} from "./engine/engine-step.ts";
import { TaskEngine } from "./engine/task-engine.ts";
import { Submissions } from "./submissions.ts";

export type DurableEngineOptions = {
  readonly clock: Clock;
  readonly random: RandomStream;
  readonly log: Log;
  readonly api: EcsApi;
  readonly cluster: string;
  readonly runtime: ContainerRuntime;
  readonly disk: AgentDisk | null;
  readonly engine?: EngineOptions;
  /** What is stored in addition to the engine. Null while there is nothing to save yet. */
  readonly identity: () => { readonly containerInstanceArn: string; readonly agentVersion: string } | null;
  readonly onStopCandidates: (messageId: string, taskArns: readonly string[]) => void;
  readonly onHealthChanged: (taskArn: string) => void;
  /** Called once nothing of the task runs. */
  readonly onStopped: (taskArn: string) => void;
};

/** The engine's output, and how to acknowledge the message that caused it. */
type Outgoing = { readonly output: EngineOutput; readonly acknowledge: () => void };

export class DurableEngine {
  readonly #options: DurableEngineOptions;
  readonly #submissions: Submissions;
  #engine: TaskEngine;
  #outbox: Outgoing[] = [];
  /** Reports that came and went since the last save. */
  #reports = new Set<StateChange>();
  #taken = new Set<StateChange>();
  #saving: Promise<void> | null = null;
  #unsaved = false;
  #timer: Timer | null = null;
  #timerAt: number | null = null;
  #closed = false;

  constructor(options: DurableEngineOptions) {
    const { api, clock, log, cluster, random, runtime } = options;
    this.#options = options;
    this.#engine = new TaskEngine(options.engine ?? engineDefaults);
    this.#submissions = new Submissions({
      api,
      clock,
      log,
      cluster,
      random,
      onSettled: (change) => this.#settled(change),
    });
    runtime.onEvent((event) => this.step({ type: "runtime", event }));
  }

  /** Continues from a saved state. Only before the first step. */
  restore(saved: AgentState): void {
    const { engine = engineDefaults, log } = this.#options;
    if (saved.format === stateFormat) this.#engine = new TaskEngine(engine, saved.engine);
    else log("agent-state-foreign", { format: saved.format });
    for (const change of saved.submissions) {
      this.#reports.add(change);
      this.#submissions.add(change);
    }
    this.step({ type: "recovered" });
  }

  /** Calls `acknowledge` once the engine has accepted the message of this input and it is durable. */
  step(input: EngineInput, acknowledge: () => void = () => {}): void {
    if (this.#closed) return;
    for (const output of this.#engine.step(input, this.#options.clock.now()))
      this.#outbox.push({ output, acknowledge });
    this.save();
    this.#armTimer();
  }

  /** Saves the state, if there is a disk, and carries out what waits for it. */
  save(): void {
    this.#unsaved = true;
    this.#flush();
  }

  tasks(): Iterable<Readonly<EngineTask>> {
    return this.#engine.tasks();
  }

  /** True while the task is not STOPPED. */
  has(taskArn: string): boolean {
    const task = this.#engine.task(taskArn);
    return task !== null && task.known !== "STOPPED";
  }

  /** Of all tasks, or of the task with that ARN. */
  health(taskArn: string | null = null): readonly TaskHealth[] {
    return this.#engine.health(taskArn);
  }

  get liveTasks(): number {
    return this.#engine.liveTasks;
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#submissions.close();
  }

  /** Resolves when no write is under way. */
  async rest(): Promise<void> {
    while (this.#saving !== null) await this.#saving;
  }

  #settled(change: StateChange): void {
    this.#reports.delete(change);
    this.#taken.add(change);
    if (change.status === "STOPPED") this.step({ type: "settled", taskArn: change.task });
    else this.save();
  }

  #flush(): void {
    const { disk, log, identity } = this.#options;
    if (disk === null || identity() === null) {
      this.#unsaved = false;
      const released = this.#takeOutbox();
      if (disk === null) this.#takeChanges(released);
      this.#release(released);
      return;
    }
    if (this.#saving !== null || !this.#unsaved) return;
    const batch = this.#takeOutbox();
    this.#unsaved = false;
    this.#saving = disk
      .save(this.#state(batch), this.#takeChanges(batch))
      .catch((error: unknown) => {
        // A host with a full disk keeps working. After a restart it may know less than before.
        log("agent-state-unsaved", { err: error, instance: identity()?.containerInstanceArn });
      })
      .then(() => {
        this.#saving = null;
        this.#release(batch);
        if (!this.#closed) this.#flush();
      });
  }

  #takeOutbox(): readonly Outgoing[] {
    const batch = this.#outbox;
    this.#outbox = [];
    return batch;
  }

  #state(batch: readonly Outgoing[]): AgentState {
    const submissions = this.#submissions;
    return {
      format: stateFormat,
      ...must(this.#options.identity(), "the identity of an agent with a disk"),
      engine: this.#engine.snapshot(),
      get submissions() {
        return [...submissions.pending(), ...reportsOf(batch)];
      },
    };
  }

  #takeChanges(batch: readonly Outgoing[]): StateChanges {
    const reports = this.#reports;
    for (const report of reportsOf(batch)) reports.add(report);
    const changes = { ...this.#engine.takeChanges(), reports, taken: this.#taken };
    this.#reports = new Set();
    this.#taken = new Set();
    return changes;
  }

  #release(batch: readonly Outgoing[]): void {
    for (const { output, acknowledge } of batch) {
      if (this.#closed) return;
      switch (output.type) {
        case "run":
          this.#options.runtime.run(output.command);
          break;
        case "submit":
          this.#submissions.add(output.change);
          if (output.change.status === "STOPPED") this.#options.onStopped(output.change.task);
          break;
        case "acknowledge":
          acknowledge();
          break;
        case "stop-candidates":
          this.#options.onStopCandidates(output.messageId, output.taskArns);
          break;
        case "health-changed":
          this.#options.onHealthChanged(output.taskArn);
          break;
      }
    }
  }

  #armTimer(): void {
    const dueAt = this.#engine.nextDueAt();
    if (dueAt === this.#timerAt) return;
    this.#timer?.cancel();
    this.#timerAt = dueAt;
    if (dueAt === null) return;
    const { clock } = this.#options;
    this.#timer = clock.setTimer(dueAt - clock.now(), () => {
      this.#timerAt = null;
      this.step({ type: "timer" });
    });
  }
}

const reportsOf = (batch: readonly Outgoing[]): readonly StateChange[] =>
  batch.flatMap(({ output }) => (output.type === "submit" ? [output.change] : []));
