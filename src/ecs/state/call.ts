import type { Cluster } from "../documents/cluster.ts";
import type { FargateProvider } from "../documents/fargate-use.ts";
import type { TaskDefinition } from "../documents/task-definition.ts";
import type { Timeline } from "../timeline.ts";

/** The caller. */
export type Caller = {
  readonly principalArn: string;
  /** True for calls that carry the ECS agent's User-Agent. */
  readonly isAgent: boolean;
  /** The origin of the access key, stable across rotations; absent if no signature is checked. */
  readonly keyOrigin?: string;
  /** True for an agent key, which speaks only for the container instances it registered. */
  readonly ownInstancesOnly?: boolean;
  /**
   * Of a call that registers a container instance: the IPv4 address that it came from, null if it came by IPv6. Absent if it came from this
   * process, or not from the instance's host.
   */
  readonly address?: string | null;
};

/** The settings in force for the caller, by name (`awsvpcTrunking` -> `enabled`). */
export type EffectiveSettings = Readonly<Record<string, string>>;

/** What an operation in a cluster gets in addition to its request: facts that other machines own. */
export type Given = {
  readonly caller: Caller;
  /** The cluster as its account sees it; ACTIVE. */
  readonly cluster: Cluster;
  /** Resolved if the operation's row asks for it and the request names one. */
  readonly taskDefinition: TaskDefinition | null;
  /** The Fargate quotas of which the account had no more when it was just asked; absent if it wasn't asked. */
  readonly noMoreFargate?: readonly FargateProvider[];
  /** Absent unless the operation's row asks for them. */
  readonly settings?: EffectiveSettings;
};

/** What an operation that reads the settings gets. */
export type GivenSettings = Given & { readonly settings: EffectiveSettings };

/** The operator's configuration, the same for all machines of a process. */
export type MachineConfiguration = {
  /** The newest agent version known, for UpdateContainerAgent. */
  readonly latestAgentVersion: string;
  /** Checks an instance identity document's signature; null accepts any (no trusted certificate configured). */
  readonly verifyIdentity: ((document: string, signature: string) => boolean) | null;
  /** ECS's own times as settings; absent for ECS's values. */
  readonly timeline?: Timeline;
  /** What the hosts that Berth runs for Fargate tasks can do, as attributes `name` or `name=value`; absent if it runs none. */
  readonly managedHosts?: { readonly capabilities: ReadonlySet<string> } | null;
};
