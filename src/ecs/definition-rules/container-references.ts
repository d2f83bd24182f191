import type { ContainerDefinition } from "../documents/task-definition.ts";
import { checkedText, checkOneOf, refuseDefinition } from "./definition-checks.ts";
import type { RequestContainer, RequestVolume } from "./task-definition-request.ts";

/**
 * Refuses bad references between containers, or from containers to volumes: duplicate names, no essential container, unknown containers and
 * volumes, conditions that can never come true, and cycles.
 */
export function checkContainerReferences(
  containers: readonly ContainerDefinition[],
  volumes: readonly RequestVolume[],
): void {
  const byName = new Map<string, ContainerDefinition>();
  for (const container of containers) {
    if (byName.has(container.name)) refuseDefinition("Container names must be unique within a task definition");
    byName.set(container.name, container);
  }
  if (!containers.some((container) => container.essential)) {
    refuseDefinition("Task definition doesn't have any essential container");
  }
  const volumeNames = new Set(volumes.map((volume) => volume.name));
  const needs = new Map<string, string[]>();
  for (const container of containers) {
    checkMountPoints(container, volumeNames);
    needs.set(container.name, [
      ...dependencies(container, byName),
      ...links(container, byName),
      ...volumesFrom(container, byName),
    ]);
  }
  checkNoCircle(needs);
  checkVolumesUsed(containers, volumes);
}

/** AWS: a volume configured at launch must be mounted; users report the text. */
function checkVolumesUsed(containers: readonly RequestContainer[], volumes: readonly RequestVolume[]): void {
  const mounted = new Set(
    containers.flatMap(({ mountPoints }) => (mountPoints ?? []).map((each) => each.sourceVolume)),
  );
  const unused = volumes.filter(({ name, configuredAtLaunch }) => configuredAtLaunch === true && !mounted.has(name));
  if (unused.length === 0) return;
  refuseDefinition(
    `Volumes [${unused.map(({ name }) => name).join(", ")}] are not referenced by any of the containers`,
  );
}

function checkMountPoints(container: RequestContainer, volumeNames: ReadonlySet<string | undefined>): void {
  for (const { sourceVolume, containerPath } of container.mountPoints ?? []) {
    const volume = checkedText(sourceVolume, "Container.mountPoints.sourceVolume");
    checkedText(containerPath, "Container.mountPoints.containerPath");
    if (!volumeNames.has(volume)) refuseDefinition(`Unknown volume '${volume}'.`);
  }
}

function dependencies(container: ContainerDefinition, byName: ReadonlyMap<string, ContainerDefinition>): string[] {
  return (container.dependsOn ?? []).map(({ containerName, condition }) => {
    const name = checkedText(containerName, "Container.dependsOn.containerName");
    const other = byName.get(name);
    if (other === undefined) refuseDefinition(`Cannot depend on container + '${name}' because it does not exist`);
    const path = "Container.dependsOn.condition";
    checkOneOf(checkedText(condition, path), ["START", "COMPLETE", "SUCCESS", "HEALTHY"], path);
    if (condition === "HEALTHY" && other.healthCheck === undefined) {
      refuseDefinition("A dependency container with HEALTHY condition must have health check configured");
    }
    // AWS: when an essential container ends, the task stops, so nothing can wait for its end.
    if ((condition === "COMPLETE" || condition === "SUCCESS") && other.essential) {
      refuseDefinition("A dependency container with SUCCESS or COMPLETE condition cannot be an essential container");
    }
    return name;
  });
}

function links(container: ContainerDefinition, byName: ReadonlyMap<string, ContainerDefinition>): string[] {
  return (container.links ?? []).map((link) => {
    const [name = "", alias, ...more] = link.split(":");
    if (alias === "" || more.length > 0)
      refuseDefinition(`The link '${link}' of container '${container.name}' is invalid.`);
    if (!byName.has(name) || name === container.name) {
      refuseDefinition(`Invalid 'links' setting. Unknown container: '${name}'.`);
    }
    return name;
  });
}

function volumesFrom(container: RequestContainer, byName: ReadonlyMap<string, ContainerDefinition>): string[] {
  return (container.volumesFrom ?? []).map(({ sourceContainer }) => {
    const name = checkedText(sourceContainer, "Container.volumesFrom.sourceContainer");
    if (!byName.has(name) || name === container.name) {
      refuseDefinition(`Invalid 'volumesFrom' setting. Unknown container: '${name}'.`);
    }
    return name;
  });
}

/** Removes containers without open dependencies until none is left. What remains is a cycle. */
function checkNoCircle(needs: ReadonlyMap<string, readonly string[]>): void {
  const waiting = new Map(needs);
  for (let before = -1; before !== waiting.size; ) {
    before = waiting.size;
    for (const [name, others] of waiting) if (!others.some((other) => waiting.has(other))) waiting.delete(name);
  }
  if (waiting.size > 0) {
    refuseDefinition(`The containers depend on each other in a circle: ${[...waiting.keys()].join(", ")}.`);
  }
}
