import { simulatedCapabilities } from "../agent/simulated/simulated-attributes.ts";
import { AgentSessions } from "../agent-sessions/agent-sessions.ts";
import { TaskCredentialsIssuer } from "../auth/task-credentials.ts";
import type { ControlPlaneCall } from "../cluster-runner/api-calls.ts";
import { ControlPlane } from "../cluster-runner/control-plane.ts";
import type { ClusterPlace } from "../cluster-runner/partitions/cluster-place.ts";
import { containerInstanceArn } from "../ecs/arn.ts";
import { Refusal } from "../ecs/refusals.ts";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log-events.ts";
import { seededRandom } from "../lib/random.ts";
import type { Outcome } from "./checkers/checker.ts";
import type { FaultyDisk, FaultyStore } from "./faults/faulty-disk.ts";
import { MortalClock } from "./faults/mortal-clock.ts";

/** The newest agent version, to which UpdateContainerAgent updates. */
export const latestAgentVersion = "1.96.0";

export type ControlPlaneProcessOptions = {
  /** The seed of this life. No two lives draw the same ids. */
  readonly seed: string;
  readonly clock: Clock;
  readonly disk: FaultyDisk;
  readonly log: Log;
  /** A cluster wants the managed host with this agent name, or no longer wants it. */
  readonly onManagedHost: (arn: string, place: ClusterPlace, wanted: boolean) => void;
};

const managedHosts = { capabilities: new Set(simulatedCapabilities) };

/** One life of the control plane, from its start over the disk to its sudden death. */
export class ControlPlaneProcess {
  readonly sessions: AgentSessions;
  readonly #clock: MortalClock;
  readonly #store: FaultyStore;
  readonly #controlPlane: ControlPlane;
  /** Ends calls under way when the process dies. */
  readonly #hangUps = new Set<() => void>();

  constructor({ seed, clock, disk, log, onManagedHost }: ControlPlaneProcessOptions) {
    this.#clock = new MortalClock(clock);
    this.#store = disk.store(this.#clock);
    const mortalLog: Log = (event, fields) => {
      if (this.#clock.alive) log(event, fields);
    };
    this.#controlPlane = new ControlPlane({
      store: this.#store,
      clock: this.#clock,
      randomFor: (partition) => seededRandom(`${seed}/${partition}`),
      configuration: { latestAgentVersion, verifyIdentity: null, managedHosts },
      endpoints: () => ({ endpoint: "http://acs.test", telemetryEndpoint: "http://tcs.test" }),
      log: mortalLog,
    });
    this.#controlPlane.onEffect((place, effect) => {
      if (!this.#clock.alive || (effect.type !== "start-host" && effect.type !== "end-host")) return;
      onManagedHost(containerInstanceArn(place, place.cluster, effect.instanceId), place, effect.type === "start-host");
    });
    this.sessions = new AgentSessions({
      controlPlane: this.#controlPlane,
      clock: this.#clock,
      random: seededRandom(`${seed}/sessions`),
      // The same after a crash, as with a data directory.
      credentials: new TaskCredentialsIssuer(new TextEncoder().encode(seed)),
      log: mortalLog,
    });
  }

  /** Rejects if the disk cannot be read. The process must then be killed. */
  async open(): Promise<void> {
    await this.#controlPlane.open();
  }

  /** Makes a call. It ends as `lost` if the process dies before it answers. */
  call(call: ControlPlaneCall): Promise<Outcome> {
    return new Promise((resolve) => {
      const hangUp = () => resolve({ type: "lost", reason: "the control plane died" });
      const end = (outcome: Outcome) => {
        this.#hangUps.delete(hangUp);
        resolve(outcome);
      };
      this.#hangUps.add(hangUp);
      this.#controlPlane.call(call).then(
        (reply) => end({ type: "reply", reply: reply as Readonly<Record<string, unknown>> }),
        (error: unknown) => end(failure(error)),
      );
    });
  }

  /** Machines that will never answer again in this life, with the reason. */
  halted(): readonly string[] {
    return this.#controlPlane
      .status()
      .filter(({ state }) => state === "halted" || state === "fenced")
      .map(({ partition, state, reason }) => `${partition} is ${state}: ${reason}`);
  }

  /** The process is gone, and nothing that it has begun continues. */
  kill(): void {
    this.#clock.kill();
    this.#store.crash();
    for (const hangUp of this.#hangUps) hangUp();
    this.#hangUps.clear();
  }
}

function failure(error: unknown): Outcome {
  if (error instanceof Refusal) return { type: "refused", code: error.code, message: error.message };
  return { type: "lost", reason: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
}
