/** An attribute as registered. */
export type HostAttribute = { readonly name: string; readonly value?: string };

/** The identity of the host's machine. */
export type HostIdentity = {
  /** Null if the host does not know it. */
  readonly account: string | null;
  readonly region: string;
  readonly availabilityZone: string;
  /** As EC2 names it: `i-` and 17 hex digits. */
  readonly instanceId: string;
  readonly instanceType: string;
  /** Null if the host was not made from an image. */
  readonly imageId: string | null;
  readonly architecture: "x86_64" | "arm64";
  /** IPv4. Null: the control plane finds out or invents one. */
  readonly privateAddress: string | null;
};

/** What a host reports about itself to the control plane. */
export type HostFacts = {
  /** CPU units, 1024 a core. */
  readonly cpu: number;
  readonly memoryMiB: number;
  readonly gpuIds: readonly string[];
  /** Null: the host is EXTERNAL and reports no identity. */
  readonly identity: HostIdentity | null;
  /** The capabilities of agent and host, sent with each registration. */
  readonly attributes: readonly HostAttribute[];
  /** Sent with the first registration only. */
  readonly customAttributes: readonly HostAttribute[];
  readonly tags: readonly { readonly key: string; readonly value: string }[];
};

/** AWS: the ports that the agent and its host reserve for themselves. */
const reservedPorts = ["22", "2375", "2376", "51678", "51679"];

/** The request of RegisterContainerInstance. With `containerInstanceArn` it registers the instance again. */
export function registrationRequest(
  facts: HostFacts,
  cluster: string,
  clientToken: string,
  containerInstanceArn: string | null,
): object {
  return {
    cluster,
    clientToken,
    instanceIdentityDocument: facts.identity === null ? "" : identityDocument(facts.identity),
    // AWS: agents outside EC2 send both empty. Only Amazon signs such documents, for its own hosts.
    instanceIdentityDocumentSignature: facts.identity === null ? "" : "unsigned",
    totalResources: [
      { name: "CPU", type: "INTEGER", integerValue: facts.cpu },
      { name: "MEMORY", type: "INTEGER", integerValue: facts.memoryMiB },
      { name: "PORTS", type: "STRINGSET", stringSetValue: reservedPorts },
      { name: "PORTS_UDP", type: "STRINGSET", stringSetValue: [] },
    ],
    attributes: [...facts.attributes, ...(containerInstanceArn === null ? facts.customAttributes : [])],
    ...(facts.gpuIds.length === 0 ? {} : { platformDevices: facts.gpuIds.map((id) => ({ id, type: "GPU" })) }),
    ...(containerInstanceArn === null ? {} : { containerInstanceArn }),
    ...(facts.tags.length === 0 || containerInstanceArn !== null ? {} : { tags: facts.tags }),
  };
}

/** AWS: the members of the instance identity document that ECS reads. */
function identityDocument(identity: HostIdentity): string {
  const { account, architecture, availabilityZone, imageId, instanceId, instanceType, privateAddress, region } =
    identity;
  return JSON.stringify({
    ...(account === null ? {} : { accountId: account }),
    architecture,
    availabilityZone,
    ...(imageId === null ? {} : { imageId }),
    instanceId,
    instanceType,
    ...(privateAddress === null ? {} : { privateIp: privateAddress }),
    region,
    version: "2017-09-30",
  });
}
