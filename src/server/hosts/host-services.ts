/** What the hosts in this process use of other services of AWS for their tasks: this server itself, unless options say otherwise. */
import type { SecureContext } from "node:tls";
import { ImageMap, type ImageRule } from "../../agent/docker/images/image-map.ts";
import { type AwsEndpoints, awsServices } from "../../agent/remote/aws-client.ts";
import { ConnectionPool } from "../../agent/remote/connection-pool.ts";
import type { AgentCredentials } from "../../agent/remote/request-signer.ts";
import type { TaskServicesSettings } from "../../agent/task-services/task-services.ts";
import type { Place } from "../../ecs/arn.ts";

export type HostServicesOptions = {
  /** Where services are that are not this server's: a URL, or `aws`. */
  readonly endpoints: Partial<AwsEndpoints>;
  /** A folder with a folder for each bucket, instead of S3. Null for S3. */
  readonly bucketDir: string | null;
  /** A folder with a folder for each EFS file system. Null: EFS volumes are not supported. */
  readonly efsDir: string | null;
  /** The keys that assume tasks' roles in AWS itself. Null: roles are this server's own. */
  readonly assumeWith: (() => Promise<AgentCredentials>) | null;
  /** Images in place of those of task definitions. The first rule that matches wins. */
  readonly imageRules: readonly ImageRule[];
};

export type HostServices = {
  readonly images: ImageMap;
  /** What hosts with Docker do with them. */
  readonly offered: { readonly efs: boolean };
  /** The settings for hosts of one account. */
  readonly settingsFor: (place: Place) => TaskServicesSettings;
  close(): void;
};

/**
 * `url` is where this server listens, once it does; `trust` the certificates for calls to it. In a server that checks no keys, the
 * account is the hosts' own key; elsewhere they have only the credentials of roles.
 */
export function hostServices(
  options: HostServicesOptions,
  {
    url,
    trust,
    checksKeys,
  }: { readonly url: () => string; readonly trust: SecureContext | null; readonly checksKeys: boolean },
): HostServices {
  const pool = new ConnectionPool(trust);
  const { bucketDir, efsDir, assumeWith, imageRules } = options;
  const endpoints = (): AwsEndpoints =>
    Object.fromEntries(awsServices.map((service) => [service, options.endpoints[service] ?? url()])) as AwsEndpoints;
  return {
    images: new ImageMap(imageRules),
    offered: { efs: efsDir !== null },
    settingsFor: ({ account }) => ({
      endpoints,
      pool,
      bucketDir,
      efsDir,
      assumeWith,
      own: checksKeys ? null : { accessKeyId: account, secretAccessKey: "berth", sessionToken: null },
    }),
    close: () => pool.close(),
  };
}
