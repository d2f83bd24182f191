import type { AgentSessions } from "../agent-sessions/agent-sessions.ts";
import type { ControlPlane } from "../cluster-runner/control-plane.ts";
import type { Place } from "../ecs/arn.ts";
import type { Store } from "../store/store.ts";
import type { ApiCall } from "./answer-call.ts";
import type { ServerLog } from "./log.ts";

export type SimulationOptions = {
  /** Where the instances of the cluster `default` are. */
  readonly place: Place;
  readonly instances: number;
  readonly cpu: number;
  readonly memoryMiB: number;
  /** Whether instances that are registered without an agent get a simulated host. */
  readonly adopt: boolean;
};

export type SimulatedHostsOptions = SimulationOptions & {
  readonly controlPlane: ControlPlane;
  readonly sessions: AgentSessions;
  readonly store: Store;
  readonly log: ServerLog;
};

export class SimulatedHosts {
  constructor(_options: SimulatedHostsOptions) {}

  async open(): Promise<void> {}

  async adopt(_call: ApiCall, reply: object): Promise<object> {
    return reply;
  }

  instances(): readonly string[] {
    return [];
  }

  async close(): Promise<void> {}
}
