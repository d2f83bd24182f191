/** Hands out jobs to workers until the time is over or enough is done, and reports progress. */
import { type Job, type Kind, kinds, type Report } from "./job.ts";

export type SoakOptions = {
  readonly seed: number;
  readonly workers: number;
  /** How many of each kind. Null is as many as there is time for. An absent kind is not run. */
  readonly counts: ReadonlyMap<Kind, number | null>;
  /** Milliseconds after which no job begins and those under way are asked to stop. */
  readonly forMs: number;
};

export type StartedJob = {
  /** Resolves when the job has ended. Rejects if its process died of something that it did not report. */
  readonly ended: Promise<void>;
  readonly stop: () => void;
};

export type SoakEnvironment = {
  readonly start: (job: Job, report: (report: Report) => void) => StartedJob;
  readonly say: (line: string) => void;
  /** Milliseconds from any origin that never go back. */
  readonly nowMs: () => number;
  /** Calls `run` every `ms` milliseconds until it is cancelled. */
  readonly each: (ms: number, run: () => void) => () => void;
};

/** LIMIT: a fuzzed server, a directory with repeated kills and a simulating process all grow; one job does this much. */
const jobSizes: Readonly<Record<Kind, number>> = { requests: 20_000, kills: 25, sim: 5 };
/** What a job counts for while it is under way, so that the workers do not all choose the same kind. */
const jobMs = 30_000;
const progressMs = 10_000;
/** LIMIT: more failures than this are all the same one. */
const failuresMax = 10;

export class Soak {
  readonly #options: SoakOptions;
  readonly #environment: SoakEnvironment;
  readonly #startedAtMs: number;
  readonly #nextSeed: Record<Kind, number>;
  readonly #handedOut: Record<Kind, number> = { requests: 0, kills: 0, sim: 0 };
  readonly #done: Record<Kind, number> = { requests: 0, kills: 0, sim: 0 };
  readonly #spentMs: Record<Kind, number> = { requests: 0, kills: 0, sim: 0 };
  readonly #underWay = new Set<StartedJob>();
  readonly #underWayOf: Record<Kind, number> = { requests: 0, kills: 0, sim: 0 };
  #failures = 0;
  #stopped = false;

  constructor(options: SoakOptions, environment: SoakEnvironment) {
    this.#options = options;
    this.#environment = environment;
    this.#startedAtMs = environment.nowMs();
    this.#nextSeed = { requests: options.seed, kills: options.seed, sim: options.seed };
  }

  /** Runs to the end. Returns the number of failures. */
  async run(): Promise<number> {
    const cancel = this.#environment.each(progressMs, () => this.#environment.say(this.#progress()));
    const cancelEnd = this.#environment.each(1_000, () => {
      if (this.#elapsedMs() >= this.#options.forMs) this.stop();
    });
    try {
      await Promise.all(Array.from({ length: this.#options.workers }, () => this.#work()));
    } finally {
      cancel();
      cancelEnd();
    }
    this.#environment.say(this.#progress());
    return this.#failures;
  }

  /** Begins nothing more, and asks what is under way to stop. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    for (const job of this.#underWay) job.stop();
  }

  async #work(): Promise<void> {
    for (let job = this.#nextJob(); job !== null; job = this.#nextJob()) await this.#runJob(job);
  }

  async #runJob(job: Job): Promise<void> {
    const begin = this.#environment.nowMs();
    const started = this.#environment.start(job, (report) => {
      if (report.type === "progress") this.#done[job.kind] += report.done;
      else this.#fail(report);
    });
    this.#underWay.add(started);
    this.#underWayOf[job.kind] += 1;
    try {
      await started.ended;
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.#fail({ text, repeat: `npm run soak -- --seed ${job.seed} --${job.kind} ${job.count}` });
    } finally {
      this.#underWay.delete(started);
      this.#underWayOf[job.kind] -= 1;
      this.#spentMs[job.kind] += this.#environment.nowMs() - begin;
    }
  }

  /** Of the kind on which the least time was spent. */
  #nextJob(): Job | null {
    if (this.#stopped || this.#elapsedMs() >= this.#options.forMs) return null;
    const left = (kind: Kind): number => {
      const count = this.#options.counts.get(kind);
      return count === undefined ? 0 : (count ?? Number.POSITIVE_INFINITY) - this.#handedOut[kind];
    };
    const open = kinds.filter((kind) => left(kind) > 0);
    const weight = (kind: Kind): number => this.#spentMs[kind] + jobMs * this.#underWayOf[kind];
    const [kind] = open.sort((a, b) => weight(a) - weight(b));
    if (kind === undefined) return null;
    const count = Math.min(jobSizes[kind], left(kind));
    const seed = this.#nextSeed[kind];
    this.#nextSeed[kind] += kind === "sim" ? count : 1;
    this.#handedOut[kind] += count;
    return { kind, seed, count };
  }

  #fail({ text, repeat }: { readonly text: string; readonly repeat: string }): void {
    this.#failures += 1;
    this.#environment.say(`\nFailure ${this.#failures}:\n${text}\n\nRepeat with: ${repeat}\n`);
    if (this.#failures >= failuresMax) this.stop();
  }

  #elapsedMs(): number {
    return this.#environment.nowMs() - this.#startedAtMs;
  }

  #progress(): string {
    const { requests, kills, sim } = this.#done;
    const seconds = this.#elapsedMs() / 1_000;
    const clock = `${Math.floor(seconds / 60)}m${String(Math.floor(seconds % 60)).padStart(2, "0")}s`;
    return `${clock}: ${requests} requests, ${kills} kills, ${sim} seeds, ${this.#failures} failures`;
  }
}
