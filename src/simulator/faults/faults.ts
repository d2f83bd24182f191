import type { AgentChannel } from "../../agent-protocol/connection.ts";
import type { Direction } from "../../agent-sessions/in-process-transport.ts";
import type { Random } from "../../lib/random.ts";
import { Draw } from "../draw.ts";
import type { AppendFault, DiskFaults } from "./faulty-disk.ts";
import { type CutConnection, drawCutConnection, drawNetworkCut, type NetworkCut } from "./network-cut.ts";

/** What happens to one message between an agent and the control plane. */
export type MessageFault =
  | { readonly type: "none" }
  /** The connection is dead from here on. Both ends notice after `noticedAfterMs`. */
  | { readonly type: "drop"; readonly noticedAfterMs: number }
  | { readonly type: "delay"; readonly delaysMs: readonly number[] };

/** What happens to one API call of an agent. */
export type ApiFault = {
  readonly requestDelayMs: number;
  readonly requestLost: boolean;
  readonly replyDelayMs: number;
  readonly replyLost: boolean;
  /** The request arrives again after this time, as if a lower layer sent it twice. Null: it does not. */
  readonly againAfterMs: number | null;
};

/** What happens to whole processes and machines, between two steps of the workload. */
export type Disaster =
  | "crash-control-plane"
  | "cut-connections"
  | "cut-network"
  | "crash-host"
  | "restart-agent"
  | "lose-host";

/** The focus of a run: everything; mainly services and drains; or networks that are cut while containers start and stop. */
export const scenarios = ["everything", "services", "network-cut"] as const;
/** `calm` is for directed runs, which contain only the faults that they name. */
export type Scenario = (typeof scenarios)[number] | "calm";

/** How often each kind of fault comes in a run. Drawn from its seed, so that runs differ in what goes wrong. */
type Temper = {
  readonly drop: number;
  readonly delay: number;
  readonly double: number;
  readonly refuse: number;
  readonly apiLost: number;
  readonly apiDelay: number;
  readonly appendFails: number;
  readonly appendSlow: number;
  readonly appendCrashes: number;
  readonly openFails: number;
  readonly hostDiskSlow: number;
  readonly startCrashes: number;
  readonly disasters: Readonly<Record<Disaster, number>>;
};

const noDisasters: Readonly<Record<Disaster, number>> = {
  "crash-control-plane": 0,
  "cut-connections": 0,
  "cut-network": 0,
  "crash-host": 0,
  "restart-agent": 0,
  "lose-host": 0,
};

const calm: Temper = {
  drop: 0,
  delay: 0,
  double: 0,
  refuse: 0,
  apiLost: 0,
  apiDelay: 0,
  appendFails: 0,
  appendSlow: 0,
  appendCrashes: 0,
  openFails: 0,
  hostDiskSlow: 0,
  startCrashes: 0,
  disasters: noDisasters,
};

/** Decides for everything that can go wrong whether it does, until `stop`. Each kind draws from its own stream. */
export class Faults implements DiskFaults {
  readonly #network: Draw;
  readonly #api: Draw;
  readonly #disk: Draw;
  readonly #disasters: Draw;
  readonly #cuts: Draw;
  readonly #note: (fault: string, fields: object) => void;
  readonly #drawn: Temper;
  #temper: Temper;

  constructor(random: Random, note: (fault: string, fields: object) => void, scenario: Scenario = "everything") {
    this.#network = new Draw(random.stream("network-faults"));
    this.#api = new Draw(random.stream("api-faults"));
    this.#disk = new Draw(random.stream("disk-faults"));
    this.#disasters = new Draw(random.stream("disasters"));
    this.#cuts = new Draw(random.stream("network-cuts"));
    this.#note = note;
    this.#drawn = drawTemper(new Draw(random.stream("temper")), scenario);
    this.#temper = this.#drawn;
    note("temper", this.#temper);
  }

  /** No more faults from here on. */
  stop(): void {
    this.#temper = calm;
  }

  /** Faults come again as they did before `stop`. */
  resume(): void {
    this.#temper = this.#drawn;
  }

  networkCut(): NetworkCut {
    return drawNetworkCut(this.#cuts);
  }

  /** True if a cut of `ofHosts` of a hundred also separates this host from the control plane. */
  isCutOff({ ofHosts }: NetworkCut): boolean {
    return this.#cuts.between(1, 100) <= ofHosts;
  }

  cutConnection(channel: AgentChannel): CutConnection {
    const taken = drawCutConnection(this.#cuts);
    this.#note("connection-cut", { channel, ...taken });
    return taken;
  }

  /** How long after a cut a call arrives that its caller has given up. Null: never. */
  strandedCallMs(): number | null {
    return this.#cuts.chance(0.3) ? this.#cuts.between(0, 3_000) : null;
  }

  /** True: the connection is refused. */
  connection(): boolean {
    return this.#network.chance(this.#temper.refuse);
  }

  message(direction: Direction, type: string): MessageFault {
    const draw = this.#network;
    if (draw.chance(this.#temper.drop)) {
      const fault = { type: "drop", noticedAfterMs: draw.between(1, 60_000) } as const;
      this.#note("message-dropped", { direction, message: type, ...fault });
      return fault;
    }
    const delayed = draw.chance(this.#temper.delay);
    const doubled = draw.chance(this.#temper.double);
    if (!delayed && !doubled) return { type: "none" };
    const delaysMs = [delayed ? draw.between(1, 3_000) : 0];
    if (doubled) delaysMs.push(draw.between(0, 3_000));
    this.#note("message-delayed", { direction, message: type, delaysMs });
    return { type: "delay", delaysMs };
  }

  apiCall(operation: string): ApiFault {
    const draw = this.#api;
    const { apiLost, apiDelay } = this.#temper;
    const fault = {
      requestDelayMs: draw.chance(apiDelay) ? draw.between(1, 4_000) : 0,
      requestLost: draw.chance(apiLost),
      replyDelayMs: draw.chance(apiDelay) ? draw.between(1, 4_000) : 0,
      replyLost: draw.chance(apiLost),
      againAfterMs: draw.chance(apiLost) ? draw.between(0, 40_000) : null,
    };
    if (fault.requestLost || fault.replyLost || fault.againAfterMs !== null)
      this.#note("agent-call-disturbed", { operation, ...fault });
    return fault;
  }

  append(partition: string): AppendFault {
    const draw = this.#disk;
    const { appendFails, appendSlow } = this.#temper;
    const fate = draw.chance(appendFails) ? draw.pick(["fail", "kept-but-failed"] as const) : "ok";
    const delayMs = draw.chance(appendSlow) ? draw.between(1, 2_000) : 0;
    const answerDelayMs = draw.chance(appendSlow) ? draw.between(1, 2_000) : 0;
    const crash = draw.chance(this.#temper.appendCrashes) ? draw.pick(["before", "after"] as const) : null;
    if (fate !== "ok" || crash !== null) this.#note("append-fails", { partition, fate, crash });
    return { fate, delayMs, answerDelayMs, crash };
  }

  /** How long the disk of a host takes, in milliseconds. */
  hostDiskMs(): number {
    return this.#disk.chance(this.#temper.hostDiskSlow) ? this.#disk.between(1, 1_000) : 0;
  }

  open(partition: string): boolean {
    const fails = this.#disk.chance(this.#temper.openFails);
    if (fails) this.#note("open-fails", { partition });
    return fails;
  }

  /** The disasters before the next step, in order. */
  disasters(): Disaster[] {
    const happen: Disaster[] = [];
    for (const [disaster, p] of Object.entries(this.#temper.disasters)) {
      if (this.#disasters.chance(p)) happen.push(disaster as Disaster);
    }
    return happen;
  }

  /** In how many milliseconds an agent dies that has just ordered a container to start. Null: it does not. */
  crashAfterStartMs(): number | null {
    return this.#disasters.chance(this.#temper.startCrashes) ? this.#disasters.between(0, 300) : null;
  }

  /** How long something stays down, in milliseconds. */
  downtimeMs(): number {
    return this.#disasters.weighted([
      [5, this.#disasters.between(1, 200)],
      [4, this.#disasters.between(200, 5_000)],
      [2, this.#disasters.between(5_000, 200_000)],
    ]);
  }

  pick<T>(values: readonly T[]): T | null {
    return this.#disasters.pickOrNull(values);
  }
}

/** Each kind of fault is absent in every third run, and rare or frequent in the others. */
function drawTemper(draw: Draw, scenario: Scenario): Temper {
  if (scenario === "calm") return calm;
  const rate = (rare: number, frequent: number): number => draw.pick([0, rare, frequent]);
  const temper = {
    drop: rate(0.002, 0.02),
    delay: rate(0.05, 0.3),
    double: rate(0.01, 0.1),
    refuse: rate(0.05, 0.3),
    apiLost: rate(0.02, 0.15),
    apiDelay: rate(0.05, 0.4),
    appendFails: rate(0.002, 0.02),
    appendSlow: rate(0.02, 0.2),
    appendCrashes: rate(0.001, 0.01),
    openFails: rate(0.05, 0.3),
    hostDiskSlow: rate(0.05, 0.4),
    startCrashes: rate(0.01, 0.05),
    disasters: {
      "crash-control-plane": rate(0.003, 0.03),
      "cut-connections": rate(0.005, 0.05),
      "crash-host": rate(0.002, 0.02),
      "restart-agent": rate(0.003, 0.03),
      "lose-host": rate(0.0003, 0.001),
      "cut-network": rate(0.001, 0.004),
    },
  };
  if (scenario !== "network-cut") return temper;
  // The scenario makes its own cuts, and a host that is lost for good has nobody left to agree with.
  return { ...temper, disasters: { ...temper.disasters, "cut-network": 0, "lose-host": 0 } };
}
