import type { RequestTag } from "../documents/tag.ts";
import type { PortMapping } from "../documents/task-definition.ts";

export type RequestNamedValue = { readonly name?: string; readonly value?: string };
export type RequestSecret = { readonly name?: string; readonly valueFrom?: string };

export type RequestHealthCheck = {
  readonly command?: readonly string[];
  readonly interval?: number;
  readonly timeout?: number;
  readonly retries?: number;
  readonly startPeriod?: number;
};

export type RequestLinuxParameters = {
  readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] };
  readonly devices?: readonly { readonly hostPath?: string }[];
  readonly initProcessEnabled?: boolean;
  readonly sharedMemorySize?: number;
  readonly tmpfs?: readonly { readonly containerPath?: string; readonly size?: number }[];
  readonly maxSwap?: number;
  readonly swappiness?: number;
};

export type RequestLogConfiguration = {
  readonly logDriver?: string;
  readonly options?: Readonly<Record<string, string>>;
  readonly secretOptions?: readonly RequestSecret[];
};

/** A container definition in a request. Members that no rule reads are kept unchanged. */
export type RequestContainer = {
  readonly name?: string;
  readonly image?: string;
  readonly repositoryCredentials?: { readonly credentialsParameter?: string };
  readonly cpu?: number;
  readonly memory?: number;
  readonly memoryReservation?: number;
  readonly links?: readonly string[];
  readonly portMappings?: readonly PortMapping[];
  readonly essential?: boolean;
  readonly restartPolicy?: {
    readonly enabled?: boolean;
    readonly ignoredExitCodes?: readonly number[];
    readonly restartAttemptPeriod?: number;
  };
  readonly environment?: readonly RequestNamedValue[];
  readonly environmentFiles?: readonly { readonly value?: string; readonly type?: string }[];
  readonly mountPoints?: readonly {
    readonly sourceVolume?: string;
    readonly containerPath?: string;
    readonly readOnly?: boolean;
  }[];
  readonly volumesFrom?: readonly { readonly sourceContainer?: string; readonly readOnly?: boolean }[];
  readonly linuxParameters?: RequestLinuxParameters;
  readonly secrets?: readonly RequestSecret[];
  readonly dependsOn?: readonly { readonly containerName?: string; readonly condition?: string }[];
  readonly startTimeout?: number;
  readonly stopTimeout?: number;
  readonly hostname?: string;
  readonly user?: string;
  readonly disableNetworking?: boolean;
  readonly privileged?: boolean;
  readonly readonlyRootFilesystem?: boolean;
  readonly extraHosts?: readonly object[];
  readonly dnsServers?: readonly string[];
  readonly dnsSearchDomains?: readonly string[];
  readonly dockerSecurityOptions?: readonly string[];
  readonly dockerLabels?: Readonly<Record<string, string>>;
  readonly ulimits?: readonly { readonly name?: string; readonly softLimit?: number; readonly hardLimit?: number }[];
  readonly logConfiguration?: RequestLogConfiguration;
  readonly healthCheck?: RequestHealthCheck;
  readonly systemControls?: readonly object[];
  readonly resourceRequirements?: readonly {
    readonly type?: string;
    readonly value?: string;
    readonly sharingStrategy?: object;
  }[];
  readonly firelensConfiguration?: { readonly type?: string; readonly options?: Readonly<Record<string, string>> };
  readonly credentialSpecs?: readonly string[];
  readonly versionConsistency?: string;
};

export type RequestVolume = {
  readonly name?: string;
  readonly host?: { readonly sourcePath?: string };
  readonly dockerVolumeConfiguration?: {
    readonly scope?: string;
    readonly autoprovision?: boolean;
    readonly driver?: string;
  };
  readonly efsVolumeConfiguration?: {
    readonly fileSystemId?: string;
    readonly rootDirectory?: string;
    readonly transitEncryption?: string;
    readonly transitEncryptionPort?: number;
    readonly authorizationConfig?: { readonly accessPointId?: string; readonly iam?: string };
  };
  readonly s3filesVolumeConfiguration?: { readonly fileSystemArn?: string };
  readonly fsxWindowsFileServerVolumeConfiguration?: { readonly fileSystemId?: string };
  readonly configuredAtLaunch?: boolean;
};

export type RegisterTaskDefinitionRequest = {
  readonly family?: string;
  readonly taskRoleArn?: string;
  readonly executionRoleArn?: string;
  readonly networkMode?: string;
  readonly containerDefinitions?: readonly RequestContainer[];
  readonly volumes?: readonly RequestVolume[];
  readonly placementConstraints?: readonly { readonly type?: string; readonly expression?: string }[];
  readonly requiresCompatibilities?: readonly string[];
  readonly cpu?: string;
  readonly memory?: string;
  readonly tags?: readonly RequestTag[];
  readonly pidMode?: string;
  readonly ipcMode?: string;
  readonly proxyConfiguration?: {
    readonly type?: string;
    readonly containerName?: string;
    readonly properties?: readonly RequestNamedValue[];
  };
  readonly inferenceAccelerators?: readonly { readonly deviceName?: string; readonly deviceType?: string }[];
  readonly ephemeralStorage?: { readonly sizeInGiB?: number };
  readonly runtimePlatform?: { readonly cpuArchitecture?: string; readonly operatingSystemFamily?: string };
  readonly enableFaultInjection?: boolean;
};
