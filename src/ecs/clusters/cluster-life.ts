import { must } from "../../lib/assert.ts";
import { effectiveSettings, rootArn } from "../account-settings/settings-in-force.ts";
import { clusterArn } from "../arn.ts";
import type { Cluster } from "../documents/cluster.ts";
import { releaseFargate } from "../fargate/reserve-fargate.ts";
import { limits } from "../limits.ts";
import { refuse } from "../refusals.ts";
import type { AccountStep } from "../state/account-step.ts";
import { clusterReply } from "./cluster-reply.ts";

/**
 * Puts a cluster whose name is not ACTIVE. Its incarnation is new for this name: higher than that of the INACTIVE cluster, or of all
 * clusters that are gone. Refuses with ClientException if the account has as many clusters as it may have.
 */
export function putNewCluster(
  step: AccountStep,
  chosen: Pick<
    Cluster,
    | "name"
    | "settings"
    | "configuration"
    | "serviceConnectDefaults"
    | "capacityProviders"
    | "defaultCapacityProviderStrategy"
    | "tags"
  >,
): Cluster {
  const { state, now, place } = step;
  if (state.activeClusters >= limits.clusters) {
    refuse("ClientException", `The limit of ${limits.clusters} clusters has been reached.`);
  }
  const before = state.clusters.get(chosen.name)?.incarnation;
  const incarnation = (before ?? state.removedClusters.get("removed")?.highestIncarnation ?? 0) + 1;
  const cluster: Cluster = {
    ...chosen,
    arn: clusterArn(place, chosen.name),
    status: "ACTIVE",
    incarnation,
    createdAt: now,
    deletedAt: null,
  };
  state.clusters.put(cluster.name, cluster);
  return cluster;
}

/** The settings of a cluster created without any: those in force for its creator. */
export function newClusterSettings(step: AccountStep, principalArn: string): Cluster["settings"] {
  return [
    { name: "containerInsights", value: must(effectiveSettings(step, principalArn).containerInsights, "a value") },
  ];
}

/** The cluster `default`, created if it isn't ACTIVE. */
export function createDefaultCluster(step: AccountStep): Cluster {
  const existing = step.state.clusters.get("default");
  if (existing?.status === "ACTIVE") return existing;
  return putNewCluster(step, {
    name: "default",
    settings: newClusterSettings(step, rootArn(step)),
    configuration: null,
    serviceConnectDefaults: null,
    capacityProviders: [],
    defaultCapacityProviderStrategy: [],
    tags: [],
  });
}

/**
 * Marks the cluster INACTIVE whose machine closed under `incarnation`, and answers DeleteCluster. A later incarnation is left alone,
 * because an earlier one was closed.
 */
export function closeCluster(step: AccountStep, name: string, incarnation: number): object {
  const cluster = must(step.state.clusters.get(name), `the closed cluster ${name}`);
  if (cluster.status !== "ACTIVE" || cluster.incarnation !== incarnation) return { cluster: clusterReply(cluster) };
  const closed: Cluster = { ...cluster, status: "INACTIVE", deletedAt: step.now };
  step.state.clusters.put(name, closed);
  releaseFargate(step, name);
  forgetOldestClusters(step);
  return { cluster: clusterReply(closed) };
}

/** DIFFERS: only the newest 1,000 deleted clusters of an account and region can be described; older ones are forgotten before their day is over. */
function forgetOldestClusters(step: AccountStep): void {
  const { inactiveClusters } = step.state;
  while (inactiveClusters.size > limits.inactiveClusters)
    forgetCluster(step, must(inactiveClusters.oldest(), "a name"));
}

/** Forgets an INACTIVE cluster, except how often its name was used. */
export function forgetCluster(step: AccountStep, name: string): void {
  const { clusters, removedClusters, fargateReservations } = step.state;
  const { incarnation } = must(clusters.get(name), `the forgotten cluster ${name}`);
  clusters.delete(name);
  fargateReservations.delete(name);
  const highest = removedClusters.get("removed")?.highestIncarnation ?? 0;
  if (incarnation > highest) removedClusters.put("removed", { highestIncarnation: incarnation });
  step.forgottenClusters.push(name);
}
