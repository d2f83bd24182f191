import type { PayloadVolume } from "../../agent-protocol/to-agent/payload.ts";
import type { RequestVolume } from "../../ecs/definition-rules/task-definition-request.ts";
import type { TaskDefinition } from "../../ecs/documents/task-definition.ts";

/** The volumes of a task as agents read them: the kind in `type`, and its settings as in the API. */
export function payloadVolumes(definition: TaskDefinition): PayloadVolume[] {
  const volumes = (definition.more.volumes ?? []) as readonly RequestVolume[];
  return volumes.map((volume) => {
    const name = volume.name ?? "";
    const {
      dockerVolumeConfiguration,
      efsVolumeConfiguration,
      fsxWindowsFileServerVolumeConfiguration: fsxWindows,
    } = volume;
    if (dockerVolumeConfiguration !== undefined) {
      return { name, type: "docker", dockerVolumeConfiguration: dockerVolumeConfiguration as DockerVolume };
    }
    if (efsVolumeConfiguration !== undefined) return { name, type: "efs", efsVolumeConfiguration };
    if (fsxWindows !== undefined) {
      return { name, type: "fsxWindowsFileServer", fsxWindowsFileServerVolumeConfiguration: fsxWindows };
    }
    // AWS: without the member `host` the agent refuses the task, so it is always set.
    return { name, type: "host", host: volume.host ?? {} };
  });
}

type DockerVolume = PayloadVolume["dockerVolumeConfiguration"];
