import type { Deployment } from "../documents/deployment.ts";
import type { Rollout } from "../documents/rollout.ts";
import type { Service } from "../documents/service.ts";

/** The tasks of one deployment of a service, as a strategy wants them. */
export type TaskSet = {
  readonly deployment: Deployment;
  /** How many tasks it is to have. */
  readonly wanted: number;
  /** The share of the service's requests that its tasks are to get, in percent. The shares of all sets are 100 together. */
  readonly weight: number;
};

/** What a strategy wants of the task sets of a service. */
export type WantedSets = {
  /** One for each deployment of the rollout, the target's first. */
  readonly sets: readonly TaskSet[];
  /** The scheduler stops no task of the service while fewer than these stay healthy. */
  readonly lower: number;
  /** The scheduler starts no task of the service beyond these that hold resources. */
  readonly upper: number;
  /** False when nothing takes the place of a task that stops. */
  readonly replaces: boolean;
};

/** How many tasks a set has that are wanted RUNNING. */
export type SetCounts = { readonly tasks: number; readonly serving: number; readonly healthy: number };

/** What a strategy decides from. */
export type RolloutView = {
  readonly service: Service;
  readonly rollout: Rollout;
  readonly target: Deployment;
  /** What the set of a deployment has now. */
  readonly countsOf: (deploymentId: string) => SetCounts;
};

/** How a service goes from the tasks of its former deployments to those of the target: a pure function of the view. */
export type Strategy = (view: RolloutView) => WantedSets;

/** How many tasks the sets are to have together. */
export const wantedIn = ({ sets }: Pick<WantedSets, "sets">): number =>
  sets.reduce((sum, { wanted }) => sum + wanted, 0);

/** Shares of 100 in proportion to `counts`, in whole percent. What is left goes to the first, which has all when nobody has any. */
export function sharesOf(counts: readonly number[]): number[] {
  const sum = counts.reduce((all, count) => all + count, 0);
  const shares = counts.map((count) => (sum === 0 ? 0 : Math.floor((100 * count) / sum)));
  const rest = 100 - shares.reduce((all, share) => all + share, 0);
  return shares.map((share, at) => (at === 0 ? share + rest : share));
}
