import type { PayloadVolume } from "../../agent-protocol/to-agent/payload.ts";
import type { TaskSurroundings } from "../container-runtime.ts";
import { taskVolumeName } from "./container-names.ts";
import type { DockerVolume } from "./docker-answers.ts";
import type { DockerEngine } from "./docker-engine.ts";
import { isNotFound } from "./docker-error.ts";

/** Where a volume of a task is: a path of the host or the name of a Docker volume, which is what a bind begins with. */
export type VolumeSource = {
  readonly source: string;
  /** What Docker is asked for before the first container; null when nothing. */
  readonly make: {
    readonly Name: string;
    readonly Driver?: string;
    readonly DriverOpts?: Readonly<Record<string, string>>;
    readonly Labels?: Readonly<Record<string, string>>;
  } | null;
  /** It goes with the task. */
  readonly ofTask: boolean;
};

/** What the volume is on a plain host; a sentence when a plain host cannot serve it. Pure. */
export function volumeSource(volume: PayloadVolume, taskArn: string, task: TaskSurroundings): VolumeSource | string {
  const { name, type, host, dockerVolumeConfiguration: docker } = volume;
  const ofTask = taskVolumeName(taskArn, name, task);
  if (docker !== undefined && docker !== null) {
    const isShared = docker.scope === "shared";
    const made = {
      Name: isShared ? name : ofTask,
      ...(docker.driver ? { Driver: docker.driver } : {}),
      ...(docker.driverOpts ? { DriverOpts: docker.driverOpts } : {}),
      ...(docker.labels ? { Labels: docker.labels } : {}),
    };
    // AWS: a shared volume without autoprovision is the operator's; Docker makes an empty one where there is none.
    const make = isShared && docker.autoprovision !== true ? null : made;
    return { source: made.Name, make, ofTask: !isShared };
  }
  if (type === undefined || type === null || type === "host") {
    const path = host?.sourcePath ?? "";
    if (path !== "") return { source: path, make: null, ofTask: false };
    return { source: ofTask, make: { Name: ofTask, Driver: "local" }, ofTask: true };
  }
  return `volume ${name}: this host does not serve volumes of type ${type}`;
}

/** Makes the volumes of a task that are not there. Rejects with a DockerError, or an Error whose message says what is wrong. */
export async function makeTaskVolumes(
  docker: DockerEngine,
  taskArn: string,
  task: TaskSurroundings,
  signal: AbortSignal,
): Promise<void> {
  for (const volume of volumesOf(task)) {
    const found = volumeSource(volume, taskArn, task);
    if (typeof found === "string") throw new Error(found);
    const { make, ofTask } = found;
    if (make === null) continue;
    if (!ofTask) {
      const existing = await existingVolume(docker, make.Name, signal);
      if (existing !== null) {
        checkShared(existing, make.Driver);
        continue;
      }
    }
    await docker.createVolume(make, { signal });
  }
}

/** Removes the volumes that go with a task. Rejects with the first failure, having tried all. */
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

/** AWS: a volume of the same name that another driver keeps is not taken for the wanted one. */
function checkShared(existing: DockerVolume, driver: string | undefined): void {
  const wanted = driver ?? "local";
  if (existing.Driver === undefined || existing.Driver === wanted) return;
  throw new Error(`volume ${existing.Name} exists with the driver ${existing.Driver}, and ${wanted} is wanted`);
}
