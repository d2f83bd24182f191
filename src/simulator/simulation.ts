import { seededRandom } from "../lib/random.ts";
import type { Outcome } from "./checkers/checker.ts";
import type { Violation } from "./checkers/checkers.ts";
import { Draw } from "./draw.ts";
import type { Disaster, Scenario } from "./faults/faults.ts";
import { unsettled } from "./settled/convergence.ts";
import { checkFinalAnswers } from "./settled/final-answers.ts";
import { takeSnapshots } from "./settled/snapshots.ts";
import type { CallPlanner } from "./workload/planned-call.ts";
import { serviceCalls, taskCalls, Workload } from "./workload/workload.ts";
import { World, type WorldOptions } from "./world.ts";

export type SimulationOptions = {
  /** Any text. Everything follows from it and the numbers below. */
  readonly seed: string;
  /** Calls of the workload before the faults stop. */
  readonly steps: number;
  readonly hosts: number;
  /** Default: everything that can go wrong. */
  readonly scenario?: Scenario;
  /** Receives each line of the trace. */
  readonly sink?: (line: string) => void;
  readonly tamper?: NonNullable<WorldOptions["tamper"]>;
};

export type SimulationResult = {
  /** The first broken rule, or null. */
  readonly violation: Violation | null;
  /** SHA-256 of the whole trace. */
  readonly digest: string;
  readonly lines: number;
  readonly tail: readonly string[];
  readonly steps: number;
  readonly virtualMs: number;
  /** How often the network was cut and restored, and the longest time until both sides agreed afterwards. */
  readonly cuts: { readonly count: number; readonly agreedAfterMsMax: number };
  /** How often each operation was answered, per kind of outcome. */
  readonly outcomes: ReadonlyMap<string, Readonly<Record<Outcome["type"], number>>>;
};

/** LIMIT: agents come back within two minutes, a restart is forgiven for two and a half, attachments take five, stops one. */
const convergenceMs = 20 * 60_000;
const sliceMs = 5_000;
/** About how many steps one round of the scenario network-cut has before, during and after its cut. */
const roundSteps = { before: 20, during: 60, after: 10 } as const;
/** How many steps lie between two full checks. */
const auditEvery = 25;

const favouritesOf: Readonly<Record<Scenario, readonly CallPlanner[]>> = {
  calm: [],
  everything: [],
  services: serviceCalls,
  "network-cut": taskCalls,
};

/** Runs one world from its seed: a phase with faults, then one without, at whose end everything must be settled. */
export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const { seed, hosts, scenario = "everything", sink = null, tamper } = options;
  const world = new World({ seed, hosts, scenario, sink, ...(tamper === undefined ? {} : { tamper }) });
  const simulation = new Simulation(world, options);
  const onRejection = (error: unknown) => world.broken("a promise was lost", error);
  process.on("unhandledRejection", onRejection);
  try {
    await simulation.run();
  } catch (error) {
    world.broken("a timer or a step threw", error);
  } finally {
    process.off("unhandledRejection", onRejection);
  }
  return simulation.result();
}

class Simulation {
  readonly #world: World;
  readonly #options: SimulationOptions;
  readonly #workload: Workload;
  readonly #pace: Draw;
  /** How many calls are made at once in this run, and how often hours pass. */
  readonly #tempo: { readonly atOnce: number; readonly long: number };
  readonly #startedAt: number;
  readonly #outcomes = new Map<string, Record<Outcome["type"], number>>();
  #steps = 0;
  readonly #cuts = { count: 0, agreedAfterMsMax: 0 };

  constructor(world: World, options: SimulationOptions) {
    const random = seededRandom(`${options.seed}/simulation`);
    this.#world = world;
    this.#options = options;
    const favourites = favouritesOf[options.scenario ?? "everything"];
    this.#pace = new Draw(random.stream("pace"));
    this.#tempo = { atOnce: this.#pace.pick([100, 300, 3_000]), long: this.#pace.pick([0, 4, 16]) };
    this.#workload = new Workload(random.stream("workload"), this.#tempo.long === 0, favourites);
    this.#startedAt = world.clock.now();
  }

  async run(): Promise<void> {
    await this.#world.start();
    if (this.#options.scenario === "network-cut") {
      await this.#cutRounds();
      return;
    }
    while (this.#goesOn) await this.#step(this.#pauseMs());
    if (!this.#failed) await this.#converge();
  }

  result(): SimulationResult {
    const { checkers, trace, clock } = this.#world;
    return {
      violation: checkers.violation,
      digest: trace.digest(),
      lines: trace.lines,
      tail: trace.tail(),
      steps: this.#steps,
      virtualMs: clock.now() - this.#startedAt,
      cuts: this.#cuts,
      outcomes: this.#outcomes,
    };
  }

  get #failed(): boolean {
    return this.#world.checkers.violation !== null;
  }

  get #goesOn(): boolean {
    return this.#steps < this.#options.steps && !this.#failed;
  }

  async #step(pauseMs: number): Promise<void> {
    const world = this.#world;
    this.#steps += 1;
    for (const disaster of world.faults.disasters()) this.#strike(disaster);
    this.#call();
    await world.clock.advance(pauseMs);
    if (this.#steps % auditEvery === 0) await this.#audit();
  }

  /** Repeatedly cuts the network while tasks are run and stopped, restores it, and requires both sides to agree. */
  async #cutRounds(): Promise<void> {
    const { clock, faults } = this.#world;
    const draw = this.#pace;
    while (this.#goesOn) {
      faults.resume();
      const steps = (about: number): number => draw.between(0, 2 * about);
      for (let left = steps(roundSteps.before); left > 0 && this.#goesOn; left--)
        await this.#step(draw.between(0, 2_000));
      const forMs = this.#world.cutNetwork();
      const wholeAt = clock.now() + forMs;
      const pauseMax = Math.ceil((2 * forMs) / roundSteps.during);
      while (clock.now() < wholeAt && !this.#failed)
        await this.#step(Math.min(draw.between(0, pauseMax), wholeAt - clock.now()));
      for (let left = steps(roundSteps.after); left > 0 && this.#goesOn; left--) await this.#step(draw.between(0, 500));
      if (this.#failed) return;
      await this.#converge();
      this.#cuts.count += 1;
      this.#cuts.agreedAfterMsMax = Math.max(this.#cuts.agreedAfterMsMax, clock.now() - wholeAt);
    }
  }

  /** Makes the next call of the workload. Its answer may come many steps later. */
  #call(): void {
    const { operation, request, adopt } = this.#workload.next();
    const world = this.#world;
    world.call(operation, request).then(
      (outcome) => {
        this.#count(operation, outcome);
        if (outcome.type === "lost" && request.clientToken !== undefined) this.#workload.known.learn("", request, {});
        if (outcome.type !== "reply") return;
        this.#workload.known.learn(operation, request, outcome.reply);
        const { containerInstance } = outcome.reply as { containerInstance?: { containerInstanceArn: string } };
        if (adopt === true && containerInstance !== undefined) world.adopt(containerInstance.containerInstanceArn);
      },
      (error: unknown) => world.broken(`the answer of ${operation}`, error),
    );
  }

  #count(operation: string, { type }: Outcome): void {
    const counts = this.#outcomes.get(operation) ?? { reply: 0, refused: 0, lost: 0 };
    counts[type] += 1;
    this.#outcomes.set(operation, counts);
  }

  #pauseMs(): number {
    const draw = this.#pace;
    const { atOnce, long } = this.#tempo;
    return draw.weighted([
      [atOnce, 0],
      [300, draw.between(1, 100)],
      [250, draw.between(100, 2_000)],
      [120, draw.between(2_000, 20_000)],
      [20, draw.between(20_000, 200_000)],
      [long, draw.between(600_000, 4_000_000)],
      [long / 4, draw.between(4_000_000, 100_000_000)],
    ]);
  }

  #strike(disaster: Disaster): void {
    const world = this.#world;
    if (disaster === "crash-control-plane") {
      world.crashControlPlane();
      return;
    }
    if (disaster === "cut-network") {
      world.cutNetwork();
      return;
    }
    const host = world.faults.pick(world.hosts.filter((candidate) => candidate.isUp));
    if (host === null) return;
    world.trace.add(`fault ${disaster}`, { host: host.name });
    if (disaster === "cut-connections") host.breakConnections();
    else if (disaster === "lose-host") {
      host.lost = true;
      host.kill({ quiet: true });
    } else world.crashHost(host, { machine: disaster === "crash-host" });
  }

  async #audit(): Promise<void> {
    const { checkers, clock, state } = this.#world;
    checkers.audit(state, clock.now());
    await takeSnapshots(this.#world);
  }

  /** Faults stop. Whatever they left behind must fix itself. */
  async #converge(): Promise<void> {
    const { faults, clock, checkers, trace } = this.#world;
    trace.add("faults-stop", {});
    faults.stop();
    for (const host of this.#world.hosts) host.reconnect();
    const until = clock.now() + convergenceMs;
    let problems: readonly string[] = ["not checked"];
    while (problems.length > 0 && clock.now() < until && !this.#failed) {
      this.#world.ensureDefaultCluster();
      await clock.advance(sliceMs);
      problems = unsettled(this.#world);
    }
    if (this.#failed) return;
    trace.add(problems.length === 0 ? "settled" : "not-settled", problems);
    if (problems.length > 0) checkers.violate("without faults the world settles", problems.slice(0, 5).join("; "));
    else await checkFinalAnswers(this.#world);
    await this.#audit();
  }
}
