/** What services around ECS may know of it: replies of ECS's operations, as every caller gets them, and where its container instances are. */

type Pair = { readonly name: string; readonly value?: string | null };

export type FactsOfTask = {
  readonly taskArn: string;
  readonly clusterArn: string;
  readonly group: string | null;
  readonly lastStatus: string;
  readonly availabilityZone: string | null;
  readonly containerInstanceArn: string | null;
  readonly attachments: readonly { readonly id: string; readonly details: readonly Pair[] }[];
};

export type FactsOfInstance = {
  readonly containerInstanceArn: string;
  readonly ec2InstanceId: string | null;
  /** Epoch milliseconds. */
  readonly registeredAt: number;
  readonly attributes: readonly Pair[];
  /** ECS shows it to nobody else. */
  readonly privateAddress: string | null;
};

export type FactsOfService = {
  readonly clusterArn: string;
  readonly serviceName: string;
  readonly networkConfiguration: {
    readonly awsvpcConfiguration?: {
      readonly subnets?: readonly string[];
      readonly securityGroups?: readonly string[];
    };
  } | null;
};

export type EcsFacts = {
  readonly tasks: readonly FactsOfTask[];
  readonly instances: readonly FactsOfInstance[];
  readonly services: readonly FactsOfService[];
  /**
   * What another server of the service, which is asked as well, has of what the request names. When it is present, what isn't here isn't an error, and
   * neither is a filter that only the other one knows.
   */
  readonly elsewhere?: ReadonlySet<string>;
};

export const noEcsFacts: EcsFacts = { tasks: [], instances: [], services: [] };
