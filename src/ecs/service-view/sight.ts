import type { RandomStream } from "../../lib/random.ts";
import type { Place } from "../arn.ts";
import type { ClusterState } from "../state/cluster-state.ts";
import type { Timeline } from "../timeline.ts";

/**
 * What a decision about a service may read: the cluster, the moment, and chance. A step is a sight, and more: what a step writes, decisions
 * cannot reach. `tests/architecture.test.ts` sees that they write no document either.
 */
export type Sight = {
  readonly state: ClusterState;
  readonly now: number;
  readonly timeline: Timeline;
  readonly place: Place;
  readonly clusterName: string;
  readonly random: (stream: string) => RandomStream;
};
