import type { PayloadVolume } from "../../agent-protocol/to-agent/payload.ts";
import type { TaskSurroundings } from "../container-runtime.ts";
import { isReservedLabel, taskVolumeName } from "./container-names.ts";
import { type EfsFolders, efsPath } from "./efs-folders.ts";
import type { DockerVolume } from "./engine/docker-answers.ts";
import type { DockerEngine } from "./engine/docker-engine.ts";
import { isNotFound } from "./engine/docker-error.ts";
import { type HostPolicy, isPlainTmpfs, refuseOnHost } from "./policy/host-policy.ts";

/**
 * Marks a shared volume with the agent that created it. Tasks may use only the volumes of their own agent, and those that the operator
 * allows by name.
 */
export const sharedVolumeLabel = "berth.shared-volume";

/** Where a task's volume is: a host path, the name of a Docker volume, or a path below the folder of EFS file systems. */
export type VolumeSource = {
  readonly kind: "path" | "volume" | "efs";
  readonly source: string;
  /** What Docker must create before the first container. Null for nothing. */
  readonly make: {
    readonly Name: string;
    readonly Driver?: string;
    readonly DriverOpts?: Readonly<Record<string, string>>;
    readonly Labels?: Readonly<Record<string, string>>;
  } | null;
  /** It is removed with the task. */
  readonly ofTask: boolean;
};

/** What the volume is on a plain host, or a sentence if a plain host cannot provide it. Pure. */
export function volumeSource(volume: PayloadVolume, taskArn: string, task: TaskSurroundings): VolumeSource | string {
  const { name, type, host, dockerVolumeConfiguration: docker } = volume;
  const ofTask = taskVolumeName(taskArn, name, task);
  if (docker !== undefined && docker !== null) {
    const isShared = docker.scope === "shared";
    // AWS: a shared volume without autoprovision is the operator's. If it does not exist, Docker creates an empty one.
    const isPlain = isShared && docker.autoprovision !== true;
    const make = {
      Name: isShared ? name : ofTask,
      ...(docker.driver && !isPlain ? { Driver: docker.driver } : {}),
      ...(docker.driverOpts && !isPlain ? { DriverOpts: docker.driverOpts } : {}),
      ...(docker.labels ? { Labels: docker.labels } : {}),
    };
    return { kind: "volume", source: make.Name, make, ofTask: !isShared };
  }
  if (type === undefined || type === null || type === "host") {
    const path = host?.sourcePath ?? "";
    if (path !== "") return { kind: "path", source: path, make: null, ofTask: false };
    return { kind: "volume", source: ofTask, make: { Name: ofTask, Driver: "local" }, ofTask: true };
  }
  const path = type === "efs" ? efsPath(volume) : null;
  if (path !== null) return { kind: "efs", source: path, make: null, ofTask: false };
  return unsupported(name, type);
}

const unsupported = (name: string, type: string): string =>
  `volume ${name}: this host does not support volumes of type ${type}`;

export type VolumePlace = {
  readonly docker: DockerEngine;
  readonly policy: HostPolicy;
  /** The agent, in the label of its shared volumes. */
  readonly agent: string;
  readonly signal: AbortSignal;
  /** The folders of EFS file systems. Null: there are none. */
  readonly efs: EfsFolders | null;
};

/**
 * Creates the volumes of a task that do not exist yet. Rejects with HostRefusal for one that the policy forbids, with a DockerError, or
 * with an Error whose message says what is wrong.
 */
export async function makeTaskVolumes(place: VolumePlace, taskArn: string, task: TaskSurroundings): Promise<void> {
  for (const volume of volumesOf(task)) checkVolume(volume, place.policy);
  for (const volume of volumesOf(task)) {
    const found = volumeSource(volume, taskArn, task);
    if (typeof found === "string") throw new Error(found);
    const { make, ofTask, kind, source } = found;
    if (kind === "efs") {
      if (place.efs === null) throw new Error(unsupported(volume.name, kind));
      await place.efs.make(source);
    }
    if (make === null) continue;
    if (!ofTask && (await isUsable(place, make.Name, make.Driver))) continue;
    const labels = { ...make.Labels, ...(ofTask ? {} : { [sharedVolumeLabel]: place.agent }) };
    const body = Object.keys(labels).length > 0 ? { ...make, Labels: labels } : make;
    await place.docker.createVolume(body, { signal: place.signal });
  }
}

/** Rejects with HostRefusal if the policy forbids a volume that the container mounts; `names` are the volumes it mounts. */
export async function checkMountedVolumes(
  place: VolumePlace,
  taskArn: string,
  task: TaskSurroundings,
  names: ReadonlySet<string>,
): Promise<void> {
  for (const volume of volumesOf(task)) {
    if (!names.has(volume.name)) continue;
    checkVolume(volume, place.policy);
    const found = volumeSource(volume, taskArn, task);
    if (typeof found !== "string" && found.kind === "volume" && !found.ofTask) {
      await isUsable(place, found.source, found.make?.Driver);
    }
  }
}

/** Throws {@link HostRefusal} if `policy` forbids the volume's driver, options or labels. Pure. */
export function checkVolume({ name, dockerVolumeConfiguration: docker }: PayloadVolume, policy: HostPolicy): void {
  if (docker === undefined || docker === null) return;
  const { driver, driverOpts, labels } = docker;
  const label = Object.keys(labels ?? {}).find(isReservedLabel);
  if (label !== undefined) refuseOnHost(`the label ${label} of the volume ${name}, which is Berth's own, is`);
  if (policy.volumeOptions) return;
  if (driver && driver !== "local")
    refuseOnHost(`the driver ${driver} of the volume ${name} is`, "--allow-volume-options");
  if (!isPlainVolume(driverOpts ?? {})) {
    refuseOnHost(`the driver options of the volume ${name} are`, "--allow-volume-options");
  }
}

/** Whether these options make the driver `local` create only a folder or a tmpfs. */
function isPlainVolume(options: Readonly<Record<string, string>>): boolean {
  const { type, device, o, size, ...more } = options;
  if (Object.keys(more).length > 0 || !/^\d*[kmgt]?b?$/i.test(size ?? "")) return false;
  if (type === "tmpfs") return isPlainTmpfs(o ?? "");
  return type === undefined && device === undefined && o === undefined;
}

/** Removes the volumes that go with a task. Tries all, and rejects with the first failure. */
export async function removeTaskVolumes(
  docker: DockerEngine,
  taskArn: string,
  task: TaskSurroundings,
  signal: AbortSignal,
): Promise<void> {
  let failure: unknown = null;
  for (const volume of volumesOf(task)) {
    const found = volumeSource(volume, taskArn, task);
    if (typeof found === "string" || !found.ofTask) continue;
    await docker.removeVolume(found.source, { signal }).catch((error: unknown) => {
      if (!isNotFound(error)) failure ??= error;
    });
  }
  if (failure !== null) throw failure;
}

/** The volumes were checked when the payload was read. */
export const volumesOf = (task: TaskSurroundings): readonly PayloadVolume[] => task.volumes as readonly PayloadVolume[];

async function existingVolume(docker: DockerEngine, name: string, signal: AbortSignal): Promise<DockerVolume | null> {
  try {
    return await docker.inspectVolume(name, { signal });
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

/**
 * Whether a shared volume with this name exists. Rejects with HostRefusal if another agent created it and the policy does not
 * name it.
 * AWS: a volume of the same name with another driver is an error.
 */
async function isUsable(
  { docker, policy, agent, signal }: VolumePlace,
  name: string,
  driver: string | undefined,
): Promise<boolean> {
  const existing = await existingVolume(docker, name, signal);
  if (existing === null) return false;
  if (existing.Labels?.[sharedVolumeLabel] !== agent && !policy.volumes.includes(name)) {
    refuseOnHost(`the Docker volume ${name}, which this agent did not create, is`, `--allow-volume ${name}`);
  }
  if (driver !== undefined && existing.Driver !== undefined && existing.Driver !== driver) {
    throw new Error(`volume ${name} exists with the driver ${existing.Driver}, but the task asks for ${driver}`);
  }
  return true;
}
