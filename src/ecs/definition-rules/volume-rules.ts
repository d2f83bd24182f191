import { checkedText, checkOneOf, checkRange, refuseDefinition } from "./definition-checks.ts";
import type { RequestVolume } from "./task-definition-request.ts";

const namePattern = /^[A-Za-z0-9_-]{1,255}$/;

const kinds = [
  "host",
  "dockerVolumeConfiguration",
  "efsVolumeConfiguration",
  "s3filesVolumeConfiguration",
  "fsxWindowsFileServerVolumeConfiguration",
] as const;

/**
 * The volumes of a task definition with defaults. Refuses bad and repeated names, more than one kind for a volume, more than one volume
 * configured at launch, and members that don't go together.
 */
export function checkedVolumes(volumes: readonly RequestVolume[]): RequestVolume[] {
  const names = new Set<string>();
  if (volumes.filter((volume) => volume.configuredAtLaunch === true).length > 1) {
    refuseDefinition("A task definition can have at most one volume that is configured at launch.");
  }
  return volumes.map((volume) => {
    const name = checkedText(volume.name, "Volume.name");
    if (!namePattern.test(name)) refuseDefinition("Volume.name contains invalid characters.");
    if (names.has(name)) refuseDefinition(`The volume name '${name}' is used more than once.`);
    names.add(name);
    return checkedVolume(name, volume);
  });
}

function checkedVolume(name: string, volume: RequestVolume): RequestVolume {
  const given = kinds.filter((kind) => volume[kind] !== undefined);
  if (given.length > 1 || (given.length === 1 && volume.configuredAtLaunch === true)) {
    refuseDefinition(`The volume '${name}' can have only one configuration.`);
  }
  const { dockerVolumeConfiguration: docker, efsVolumeConfiguration: efs } = volume;
  if (docker !== undefined) return { ...volume, dockerVolumeConfiguration: checkedDocker(docker) };
  if (efs !== undefined) return { ...volume, efsVolumeConfiguration: checkedEfs(efs) };
  const fsx = volume.fsxWindowsFileServerVolumeConfiguration;
  if (fsx !== undefined) checkedText(fsx.fileSystemId, "Volume.fsxWindowsFileServerVolumeConfiguration.fileSystemId");
  const s3 = volume.s3filesVolumeConfiguration;
  if (s3 !== undefined) checkedText(s3.fileSystemArn, "Volume.s3filesVolumeConfiguration.fileSystemArn");
  // AWS: a volume with only a name is an empty directory on the host.
  return given.length === 0 && volume.configuredAtLaunch !== true ? { ...volume, host: {} } : volume;
}

function checkedDocker(
  docker: NonNullable<RequestVolume["dockerVolumeConfiguration"]>,
): NonNullable<RequestVolume["dockerVolumeConfiguration"]> {
  const scope = docker.scope ?? "task";
  checkOneOf(scope, ["task", "shared"], "Volume.dockerVolumeConfiguration.scope");
  if (scope === "task" && docker.autoprovision !== undefined) {
    refuseDefinition("Volume.dockerVolumeConfiguration.autoprovision is only for volumes with the scope 'shared'.");
  }
  return { ...docker, scope, driver: docker.driver ?? "local" };
}

function checkedEfs(
  efs: NonNullable<RequestVolume["efsVolumeConfiguration"]>,
): NonNullable<RequestVolume["efsVolumeConfiguration"]> {
  checkedText(efs.fileSystemId, "Volume.efsVolumeConfiguration.fileSystemId");
  checkOneOf(efs.transitEncryption, ["ENABLED", "DISABLED"], "Volume.efsVolumeConfiguration.transitEncryption");
  checkRange(efs.transitEncryptionPort, 0, 65_535, "Volume.efsVolumeConfiguration.transitEncryptionPort");
  const { accessPointId, iam } = efs.authorizationConfig ?? {};
  checkOneOf(iam, ["ENABLED", "DISABLED"], "Volume.efsVolumeConfiguration.authorizationConfig.iam");
  if (efs.transitEncryption !== "ENABLED") {
    // AWS: users report the texts for IAM and the port.
    if (iam === "ENABLED") refuseDefinition("EFS IAM authorization requires TransitEncryption to be enabled.");
    if (accessPointId !== undefined) refuseDefinition("EFS access points require TransitEncryption to be enabled.");
    if (efs.transitEncryptionPort !== undefined) {
      refuseDefinition("TransitEncryptionPort requires that TransitEncryption is enabled.");
    }
  }
  const rootDirectory = efs.rootDirectory || "/";
  if (accessPointId !== undefined && rootDirectory !== "/") {
    refuseDefinition('When using an EFS access point, the root directory must either be set to "/" or be omitted.');
  }
  return { ...efs, rootDirectory };
}
