import { containerInstanceArn, namedResource } from "../arn.ts";
import type { ContainerInstance } from "../documents/container-instance.ts";
import { refuse } from "../refusals.ts";
import type { ClusterStep } from "../state/cluster-step.ts";

/** Why one of several references failed. */
export type Failure = { readonly arn: string; readonly reason: string; readonly detail?: string };

/**
 * The container instance that an id, short ARN or long ARN names, including INACTIVE ones; null if there is none here. Refuses what
 * `namedResource` refuses.
 */
export function findContainerInstance(step: ClusterStep, reference: string): ContainerInstance | null {
  return step.state.instances.get(namedResource(step.place, step.clusterName, "container-instance", reference)) ?? null;
}

/**
 * The container instance that a call wants to change. Refuses an absent reference, an unknown instance and an INACTIVE one with
 * InvalidParameterException. AWS: a deregistered instance can only be described.
 */
export function referencedContainerInstance(step: ClusterStep, reference: string | undefined): ContainerInstance {
  if (reference === undefined || reference === "") {
    refuse("InvalidParameterException", "Container Instance cannot be empty.");
  }
  const instance = findContainerInstance(step, reference);
  if (instance === null || instance.status === "INACTIVE") {
    refuse("InvalidParameterException", `Referenced container instance ${idIn(reference)} not found.`);
  }
  return instance;
}

/** The failure for an unknown instance. AWS: it names the full ARN, built from an id if necessary. */
export function missingContainerInstance(step: ClusterStep, reference: string): Failure {
  const isArn = reference.startsWith("arn:");
  return { arn: isArn ? reference : containerInstanceArn(step.place, step.clusterName, reference), reason: "MISSING" };
}

/** The id part of a reference, for messages. */
export function idIn(reference: string): string {
  return reference.slice(reference.lastIndexOf("/") + 1);
}

/** The ids of a call, each once, in the order given. Refuses an empty list and more than `max` with InvalidParameterException. */
export function checkedInstanceIds(references: readonly string[] | undefined, max: number): readonly string[] {
  if (references === undefined || references.length === 0) {
    refuse("InvalidParameterException", "Container Instances cannot be empty.");
  }
  if (references.length > max) {
    refuse("InvalidParameterException", `instanceIds can have at most ${max} items.`);
  }
  return [...new Set(references)];
}
