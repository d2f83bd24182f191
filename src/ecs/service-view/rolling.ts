import { type RolloutView, sharesOf, type WantedSets } from "./task-sets.ts";

/**
 * AWS: ROLLING. The target gets the count of the service, and the other sets go as far as the percentages let them: healthy tasks are never
 * fewer than the lower bound, which is rounded up, and tasks that hold resources never more than the upper one, which is rounded down.
 * Requests go to whatever task serves. When the target has failed, nothing is replaced.
 */
export function rolling({ service, rollout, target, countsOf }: RolloutView): WantedSets {
  const { desiredCount } = service;
  const { minimumHealthyPercent, maximumPercent } = service.deploymentConfiguration;
  const deployments = [target, ...rollout.deployments.filter(({ id }) => id !== target.id)];
  const weights = deployments.length === 1 ? [100] : sharesOf(deployments.map(({ id }) => countsOf(id).serving));
  return {
    sets: deployments.map((deployment, at) => ({
      deployment,
      wanted: deployment === target ? desiredCount : 0,
      weight: weights[at] ?? 0,
    })),
    lower: Math.ceil((desiredCount * minimumHealthyPercent) / 100),
    upper: Math.floor((desiredCount * maximumPercent) / 100),
    replaces: target.rolloutState !== "FAILED",
  };
}
