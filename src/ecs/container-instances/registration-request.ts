import type { RequestAttribute } from "../documents/attribute-rules.ts";
import type { VersionInfo } from "../documents/container-instance.ts";
import type { RequestTag } from "../documents/tag.ts";
import type { RequestDevice, RequestResource } from "./registered-resources.ts";

/** A request of RegisterContainerInstance. */
export type RegisterContainerInstanceRequest = {
  readonly instanceIdentityDocument?: string;
  readonly instanceIdentityDocumentSignature?: string;
  readonly totalResources?: readonly RequestResource[];
  readonly versionInfo?: Partial<VersionInfo>;
  readonly containerInstanceArn?: string;
  readonly attributes?: readonly RequestAttribute[];
  readonly platformDevices?: readonly RequestDevice[];
  readonly tags?: readonly RequestTag[];
  /** Not in the API model. The agent sends one with each registration. */
  readonly clientToken?: string;
};

/** AWS: versions usually come with the agent's connection, but the call may carry them. */
export function versionsOf(versions: Partial<VersionInfo>): VersionInfo {
  const { agentVersion = null, agentHash = null, dockerVersion = null } = versions;
  return { agentVersion, agentHash, dockerVersion };
}
