/** What an official agent and its control plane exchange, message for message, about one host and its tasks. */

export type Names = {
  readonly cluster: string;
  readonly clusterArn: string;
  readonly containerInstanceArn: string;
  readonly taskArn: string;
};

/** The body with which an agent outside EC2 registers its host. */
export const registration = {
  clientToken: "0f7c1a52-3e62-4a8e-9a55-6d1f0b7f2c11",
  instanceIdentityDocument: "",
  instanceIdentityDocumentSignature: "",
  totalResources: [
    { name: "CPU", type: "INTEGER", integerValue: 4_096 },
    { name: "MEMORY", type: "INTEGER", integerValue: 15_870 },
    { name: "PORTS", type: "STRINGSET", stringSetValue: ["22", "2375", "2376", "51678", "51679"] },
    { name: "PORTS_UDP", type: "STRINGSET", stringSetValue: [] },
  ],
  attributes: [
    ...["secrets.ssm.environment-variables", "container-ordering", "full-sync", "task-cpu-mem-limit", "external"].map(
      (name) => ({ name: `ecs.capability.${name}` }),
    ),
    { name: "ecs.capability.container-health-check" },
    { name: "ecs.capability.network.container-port-range" },
    ...Array.from({ length: 25 }, (_, i) => ({
      name: `com.amazonaws.ecs.capability.docker-remote-api.1.${i + 17}`,
    })),
    { name: "com.amazonaws.ecs.capability.logging-driver.json-file" },
    { name: "ecs.os-type", value: "linux" },
    { name: "ecs.os-family", value: "LINUX" },
    { name: "ecs.cpu-architecture", value: "x86_64" },
    { name: "rack", value: "7" },
  ],
} as const;

/** What an agent sends on its command socket. */
export function commands({ cluster, clusterArn, containerInstanceArn, taskArn }: Names, messageId: string) {
  return {
    heartbeatAck: { type: "HeartbeatAckRequest", message: { messageId } },
    ack: { type: "AckRequest", message: { cluster: clusterArn, containerInstance: containerInstanceArn, messageId } },
    nack: {
      type: "NackRequest",
      message: {
        cluster: clusterArn,
        containerInstance: containerInstanceArn,
        messageId,
        reason: "Updates are disabled",
      },
    },
    credentialsAck: {
      type: "IAMRoleCredentialsAckRequest",
      message: { messageId, expiration: "2027-01-01T06:00:00Z", credentialsId: "4b1d9c3e-aaaa-4bbb-8ccc-0123456789ab" },
    },
    stopVerification: {
      type: "TaskStopVerificationMessage",
      message: {
        messageId,
        stopCandidates: [
          { desiredStatus: "STOPPED", taskArn: taskArn.replace(/.{6}$/, "5742a1"), taskClusterArn: cluster },
        ],
      },
    },
  } as const;
}

const samples = (max: number, sum: number) => ({ min: 0, max, sum, sampleCount: 19 });
const counters = (max: number, sum: number) => ({
  ...samples(max, sum),
  overflowMin: 0,
  overflowMax: 0,
  overflowSum: 0,
});

/** What an agent sends on its telemetry socket, at `timestamp` (epoch seconds). */
export function telemetry({ cluster, containerInstanceArn, taskArn }: Names, timestamp: number) {
  const metadata = { cluster, containerInstance: containerInstanceArn };
  const task = { taskArn, taskDefinitionFamily: "web", taskDefinitionVersion: "3" };
  return {
    idleMetrics: {
      type: "PublishMetricsRequest",
      message: {
        metadata: { ...metadata, fin: true, idle: true, messageId: "6d0a3c1e-0001-4000-8000-000000000001" },
        timestamp,
      },
    },
    metrics: {
      type: "PublishMetricsRequest",
      message: {
        metadata: { ...metadata, fin: true, idle: false, messageId: "6d0a3c1e-0002-4000-8000-000000000002" },
        taskMetrics: [
          {
            ...task,
            containerMetrics: [
              {
                containerName: "main",
                cpuStatsSet: { min: 0, max: 2.0416112, sum: 5.11708, sampleCount: 19 },
                memoryStatsSet: samples(12, 228),
                networkStatsSet: {
                  rxBytes: counters(1_306, 22_040),
                  rxPackets: counters(11, 190),
                  rxBytesPerSecond: { min: 0, max: 71.25, sum: 140.5, sampleCount: 19 },
                  txBytes: counters(0, 0),
                  txBytesPerSecond: { min: 0, max: 0, sum: 0, sampleCount: 19 },
                },
                storageStatsSet: { readSizeBytes: counters(0, 0), writeSizeBytes: counters(4_096, 77_824) },
                restartStatsSet: { restartCount: 2 },
              },
            ],
          },
        ],
        timestamp,
      },
    },
    health: {
      type: "PublishHealthRequest",
      message: {
        metadata: { ...metadata, fin: true, messageId: "6d0a3c1e-0003-4000-8000-000000000003" },
        tasks: [
          {
            ...task,
            containers: [
              { containerName: "main", healthStatus: "HEALTHY", statusSince: timestamp - 17.135 },
              { containerName: "side", healthStatus: "UNKNOWN", statusSince: timestamp - 11.9 },
            ],
          },
        ],
        timestamp,
      },
    },
    /** Before the first heartbeat, when nothing has been checked yet. */
    initializing: {
      type: "PublishInstanceStatusRequest",
      message: {
        metadata: { ...metadata, requestId: "6d0a3c1e-0004-4000-8000-000000000004" },
        statuses: [
          {
            type: "ContainerRuntime",
            status: "INITIALIZING",
            lastStatusChange: timestamp - 20,
            lastUpdated: -6_795_364_578.871,
          },
        ],
        timestamp: timestamp - 10,
      },
    },
    status: {
      type: "PublishInstanceStatusRequest",
      message: {
        metadata: { ...metadata, requestId: "6d0a3c1e-0005-4000-8000-000000000005" },
        statuses: [
          { type: "ContainerRuntime", status: "OK", lastStatusChange: timestamp - 20, lastUpdated: timestamp - 20 },
        ],
        timestamp,
      },
    },
  } as const;
}

/** Bodies of SubmitTaskStateChange, in the order in which they are sent for a task of two containers. */
export function stateChanges({ cluster, taskArn }: Names, now: number) {
  const digest = `sha256:${"6e".repeat(32)}`;
  const [main, side] = [
    { containerName: "main", imageDigest: digest },
    { containerName: "side", imageDigest: digest },
  ];
  const [mainId, sideId] = ["7663e18a".repeat(8), "227f00aa".repeat(8)];
  const networkBindings = [
    { bindIP: "0.0.0.0", containerPort: 80, hostPort: 32_768, protocol: "tcp" },
    { bindIP: "0.0.0.0", containerPort: 53, hostPort: 32_769, protocol: "udp" },
    { bindIP: "0.0.0.0", containerPortRange: "9000-9002", hostPortRange: "32770-32772", protocol: "tcp" },
  ];
  const about = { cluster, task: taskArn, reason: "" };
  return {
    pending: {
      ...about,
      status: "PENDING",
      containers: [
        { ...main, status: "PENDING" },
        { ...side, status: "PENDING" },
      ],
    },
    running: {
      ...about,
      status: "RUNNING",
      pullStartedAt: now - 2.265,
      pullStoppedAt: now - 1.344,
      containers: [
        { ...main, runtimeId: mainId, status: "RUNNING", networkBindings },
        // While the container runs, a reason from a pull attempt and an exit code mean nothing.
        {
          ...side,
          runtimeId: sideId,
          status: "RUNNING",
          reason: "CannotPullImageManifestError: no registry",
          exitCode: 0,
        },
      ],
    },
    /** A container that is not essential has exited, and the task keeps running. */
    sideExit: {
      ...about,
      status: "RUNNING",
      containers: [
        { ...side, runtimeId: sideId, status: "STOPPED", exitCode: 137, reason: "OutOfMemoryError: killed" },
      ],
    },
    /** One submission may contain several states of a container, in order. */
    stopped: {
      ...about,
      status: "STOPPED",
      executionStoppedAt: now + 5.145,
      containers: [
        { ...main, runtimeId: mainId, status: "RUNNING", networkBindings },
        { ...main, runtimeId: mainId, status: "STOPPED", exitCode: 3 },
      ],
    },
  };
}

/** Messages to an agent in forms that the official one was seen to accept. */
export function toAgent({ clusterArn, containerInstanceArn, taskArn }: Names) {
  const address = { clusterArn, containerInstanceArn };
  const update = { location: "https://images.example.org/agent.tar", signature: "ab".repeat(32) };
  const credentials = {
    credentialsId: "4b1d9c3e-aaaa-4bbb-8ccc-0123456789ab",
    roleArn: "arn:aws:iam::123456789012:role/web",
    accessKeyId: "ASIAEXAMPLE",
    secretAccessKey: "secret",
    sessionToken: "token",
    expiration: "2027-01-01T06:00:00Z",
  };
  const interfaces = [
    {
      attachmentArn: taskArn.replace(":task/", ":attachment/"),
      ec2Id: "eni-0a1b",
      macAddress: "02:00:00:00:00:09",
      ipv4Addresses: [{ privateAddress: "10.0.0.9", primary: true }],
      subnetGatewayIpv4Address: "10.0.0.1/24",
      interfaceAssociationProtocol: "default",
    },
  ];
  const smallestTask = {
    arn: taskArn,
    desiredStatus: "RUNNING",
    family: "web",
    version: "1",
    containers: [{ name: "main", image: "busybox:latest", essential: true, command: ["sleep", "20"] }],
  };
  const usualTask = {
    arn: taskArn,
    desiredStatus: "RUNNING",
    family: "web",
    version: "3",
    volumes: [],
    containers: [
      {
        name: "main",
        image: "busybox:latest",
        command: ["sleep", "600"],
        entryPoint: null,
        cpu: 128,
        memory: 64,
        essential: true,
        environment: { A: "1" },
        portMappings: [],
        mountPoints: [],
        volumesFrom: [],
        overrides: "{}",
        dockerConfig: {
          version: "1.18",
          config: "{}",
          hostConfig: '{"NetworkMode":"bridge","CapAdd":[],"CapDrop":[]}',
        },
      },
    ],
  };
  const messageId = "b2a5c0de-0000-4000-8000-00000000000f";
  return [
    { type: "HeartbeatMessage", message: { messageId, healthy: true } },
    { type: "PayloadMessage", message: { messageId: "min-1", ...address, tasks: [smallestTask] } },
    {
      type: "PayloadMessage",
      message: { messageId, ...address, seqNum: 1, generatedAt: 1_700_000_000_001, tasks: [usualTask] },
    },
    {
      type: "PayloadMessage",
      message: { messageId, ...address, seqNum: 2, tasks: [{ arn: taskArn, desiredStatus: "STOPPED" }] },
    },
    {
      type: "IAMRoleCredentialsMessage",
      message: { messageId, taskArn, roleType: "TaskApplication", roleCredentials: credentials },
    },
    {
      type: "TaskManifestMessage",
      message: { messageId, ...address, generatedAt: 1, timeline: 3, tasks: [{ taskArn, desiredStatus: "RUNNING" }] },
    },
    { type: "TaskStopVerificationAck", message: { messageId, generatedAt: 1, stopTasks: [{ taskArn }] } },
    {
      type: "AttachTaskNetworkInterfacesMessage",
      message: { messageId, ...address, taskArn, waitTimeoutMs: 300_000, elasticNetworkInterfaces: interfaces },
    },
    {
      type: "AttachInstanceNetworkInterfacesMessage",
      message: { messageId, ...address, waitTimeoutMs: 300_000, elasticNetworkInterfaces: interfaces },
    },
    {
      type: "ConfirmAttachmentMessage",
      message: {
        messageId,
        ...address,
        taskArn,
        waitTimeoutMs: 0,
        attachment: {
          attachmentArn: taskArn.replace(":task/", ":attachment/"),
          attachmentType: "amazonebs",
          attachmentProperties: [{ name: "volumeId", value: "vol-1" }],
        },
      },
    },
    { type: "StageUpdateMessage", message: { messageId, ...address, updateInfo: update } },
    { type: "PerformUpdateMessage", message: { messageId, ...address, updateInfo: update } },
    { type: "ErrorMessage", message: { message: "something failed" } },
    { type: "CloseMessage", message: { message: "about to close" } },
    { type: "AckPublishMetric", message: {} },
    { type: "AckPublishHealth", message: { message: "thanks" } },
    { type: "AckPublishInstanceStatus", message: {} },
  ];
}
