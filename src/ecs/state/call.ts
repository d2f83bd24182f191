import type { Cluster } from "../documents/cluster.ts";
import type { FargateProvider } from "../documents/fargate-use.ts";
import type { TaskDefinition } from "../documents/task-definition.ts";
import type { Timeline } from "../timeline.ts";

/** Who calls. */
export type Caller = {
  readonly principalArn: string;
  /** True for calls that carry the ECS agent's User-Agent. */
  readonly isAgent: boolean;
  /** Names the access key for good, whatever key replaces it; absent where no signature is checked. */
  readonly keyOrigin?: string;
  /** True for an agent key, which speaks only for the container instances that it registered. */
  readonly ownInstancesOnly?: boolean;
};

/** The settings in force for the caller, by name (`awsvpcTrunking` -> `enabled`). */
export type EffectiveSettings = Readonly<Record<string, string>>;

/** What an operation inside a cluster is given beside its request: facts that other machines own. */
export type Given = {
  readonly caller: Caller;
  /** The cluster as the account machine knows it; ACTIVE. */
  readonly cluster: Cluster;
  /** Resolved when the row of the operation asks for it and the request names one. */
  readonly taskDefinition: TaskDefinition | null;
  /** The quotas for Fargate of which the account had no more when it was asked just now; absent when it was not. */
  readonly noMoreFargate?: readonly FargateProvider[];
  /** Absent when the row of the operation doesn't ask for them. */
  readonly settings?: EffectiveSettings;
};

/** What an operation is given that reads the settings. */
export type GivenSettings = Given & { readonly settings: EffectiveSettings };

/** What the operator configured, the same for every machine of a process. */
export type MachineConfiguration = {
  /** The newest agent version known, for UpdateContainerAgent. */
  readonly latestAgentVersion: string;
  /** Checks an instance identity document's signature; null accepts any (no trusted certificate configured). */
  readonly verifyIdentity: ((document: string, signature: string) => boolean) | null;
  /** How long ECS takes for what it does by itself; absent for ECS's own times. */
  readonly timeline?: Timeline;
  /** What the hosts can do that Berth runs for Fargate tasks, as names of attributes or `name=value`; absent when it runs none. */
  readonly managedHosts?: { readonly capabilities: ReadonlySet<string> } | null;
};
