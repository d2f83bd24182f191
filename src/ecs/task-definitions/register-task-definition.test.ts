import assert from "node:assert/strict";
import { test } from "node:test";
import { SmallAccount } from "../small-account.ts";

type Registered = {
  taskDefinition: Record<string, unknown> & { requiresAttributes: { name: string }[] };
  tags: object[];
};

const plain = { name: "app", image: "nginx", memory: 64 };
const role = "arn:aws:iam::111122223333:role/ecsTaskExecutionRole";
const ecrImage = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/app:1";
const awslogs = {
  logDriver: "awslogs",
  options: { "awslogs-group": "g", "awslogs-region": "eu-central-1", "awslogs-stream-prefix": "p" },
};

function register(request: object): Registered {
  return new SmallAccount().call("RegisterTaskDefinition", {
    family: "web",
    containerDefinitions: [plain],
    ...request,
  });
}

/** The refusal of a definition with one container that differs from the plain one. */
function refusalOf(container: object, request: object = {}): string {
  const containerDefinitions = [{ ...plain, ...container }];
  return new SmallAccount().refusal("RegisterTaskDefinition", { family: "web", containerDefinitions, ...request });
}

/** The refusal of a definition whose members differ from the plain one. */
const refusal = (request: object): string => refusalOf({}, request);

/** The part of a container's refusal after the common code. */
function assertRefused(container: object, text: RegExp, request: object = {}): void {
  const told = refusalOf(container, request);
  assert.match(told, /^ClientException: /, JSON.stringify(container));
  assert.match(told.slice("ClientException: ".length), text);
}

test("a plain definition is shown with its defaults", () => {
  const portMappings = [{ containerPort: 80 }, { containerPort: 53, hostPort: 53, protocol: "udp" }];
  const registered = register({
    containerDefinitions: [{ ...plain, portMappings, healthCheck: { command: ["CMD", "true"], retries: 5 } }],
    volumes: [{ name: "data" }],
  });
  assert.deepEqual(registered, {
    taskDefinition: {
      taskDefinitionArn: `${SmallAccount.arn}task-definition/web:1`,
      containerDefinitions: [
        {
          name: "app",
          image: "nginx",
          memory: 64,
          cpu: 0,
          portMappings: [
            { containerPort: 80, hostPort: 0, protocol: "tcp" },
            { containerPort: 53, hostPort: 53, protocol: "udp" },
          ],
          essential: true,
          environment: [],
          mountPoints: [],
          volumesFrom: [],
          systemControls: [],
          healthCheck: { command: ["CMD", "true"], interval: 30, timeout: 5, retries: 5 },
        },
      ],
      family: "web",
      taskRoleArn: null,
      executionRoleArn: null,
      networkMode: null,
      revision: 1,
      status: "ACTIVE",
      requiresAttributes: [
        { name: "com.amazonaws.ecs.capability.docker-remote-api.1.24" },
        { name: "ecs.capability.container-health-check" },
      ],
      placementConstraints: [],
      compatibilities: ["EXTERNAL", "EC2"],
      requiresCompatibilities: [],
      cpu: null,
      memory: null,
      ephemeralStorage: null,
      registeredAt: 1_000_000,
      deregisteredAt: null,
      deleteRequestedAt: null,
      registeredBy: "arn:aws:iam::111122223333:user/ann",
      volumes: [{ name: "data", host: {} }],
    },
    tags: [],
  });
});

test("members that no rule reads are kept", () => {
  const container = { ...plain, command: ["a"], user: "1000", dockerLabels: { a: "b" }, workingDirectory: "/srv" };
  const more = { pidMode: "task", ipcMode: "none", runtimePlatform: { cpuArchitecture: "ARM64" } };
  const { taskDefinition, tags } = register({
    containerDefinitions: [container],
    tags: [{ key: "a", value: "b" }],
    ...more,
  });
  const [shown] = taskDefinition.containerDefinitions as Record<string, unknown>[];
  assert.deepEqual({ ...shown, ...container }, shown);
  assert.deepEqual({ ...taskDefinition, ...more }, taskDefinition);
  assert.deepEqual(tags, [{ key: "a", value: "b" }]);
});

test("family, container list and size are limited", () => {
  assert.equal(refusal({ family: undefined }), "ClientException: Family should not be null or empty.");
  assert.equal(refusal({ family: "a b" }), "ClientException: Family contains invalid characters.");
  assert.equal(refusal({ family: "a".repeat(256) }), "ClientException: Family contains invalid characters.");
  assert.equal(refusal({ family: "a".repeat(255) }), "accepted");
  assert.equal(refusal({ containerDefinitions: [] }), "ClientException: Container list cannot be empty.");
  assert.equal(refusal({ containerDefinitions: undefined }), "ClientException: Container list cannot be empty.");
  const many = (count: number) => Array.from({ length: count }, (_, i) => ({ ...plain, name: `c${i}` }));
  assert.equal(refusal({ containerDefinitions: many(10) }), "accepted");
  assert.match(refusal({ containerDefinitions: many(11) }), /^ClientException: Too many containers$/);
  const large = (characters: number) => refusalOf({ command: ["é".repeat(characters / 2)] });
  assert.equal(large(65_300), "accepted");
  assert.match(large(65_600), /^ClientException: Actual length: '65\d{3}'\. Max allowed length is '65536' bytes\.$/);
});

test("names and images of containers", () => {
  assertRefused({ name: undefined }, /^Container\.name should not be null or empty\.$/);
  assertRefused({ name: "" }, /^Container\.name should not be null or empty\.$/);
  assertRefused({ name: "a.b" }, /^Container\.name contains invalid characters\.$/);
  assertRefused({ image: undefined }, /^Container\.image should not be null or empty\.$/);
  assertRefused({ image: "" }, /^Container\.image should not be null or empty\.$/);
  for (const image of ["$IMAGE", "ng inx", "nginx:$TAG"]) {
    assertRefused({ image }, /^Container\.image contains invalid characters\.$/);
  }
  assert.equal(refusalOf({ image: `${ecrImage}@sha256:${"0a".repeat(32)}` }), "accepted");
  const twice = { containerDefinitions: [plain, { ...plain, image: "other" }] };
  assert.match(refusal(twice), /^ClientException: Container names must be unique/);
  assertRefused({ essential: false }, /any essential container/);
});

test("memory and CPU of containers", () => {
  assertRefused(
    { memory: undefined },
    /^Invalid setting for container 'app'\. At least one of 'memory' or 'memoryReservation' must be specified\.$/,
  );
  assert.equal(refusalOf({ memory: undefined, memoryReservation: 4 }), "accepted");
  assert.equal(refusalOf({ memory: undefined }, { memory: "512" }), "accepted");
  assertRefused({ memory: 3 }, /^Invalid setting for container 'app'\. 'memory' must be at least 4 MiB/);
  for (const member of ["memory", "memoryReservation"]) {
    assertRefused({ memory: undefined, [member]: 2 ** 31 }, /must be at most 2147483647 MiB/);
  }
  assertRefused({ memoryReservation: 65 }, /^'memory' must be greater than or equal to 'memoryReservation'$/);
  assertRefused({ memory: 513 }, /^The 'memory' setting for container 'app' is greater than for the task$/, {
    memory: "512",
  });
  assertRefused({ cpu: -1 }, /^Container\.cpu must be between/);
  const two = (member: object) => [
    { ...plain, ...member },
    { ...plain, ...member, name: "b" },
  ];
  assert.match(refusal({ containerDefinitions: two({ cpu: 200 }), cpu: "256" }), /sum of all container 'cpu' values/);
  assert.match(
    refusal({ containerDefinitions: two({ memory: 300 }), memory: "512" }),
    /sum of all container 'memory' values/,
  );
  assert.equal(
    refusal({ containerDefinitions: two({ memory: 300, memoryReservation: 256 }), memory: "512" }),
    "accepted",
  );
});

test("the task's size is accepted in units or with its unit's name, and normalized", () => {
  for (const [cpu, memory, expected] of [
    ["256", "512", ["256", "512"]],
    ["1 vCPU", "2 GB", ["1024", "2048"]],
    ["0.5 vcpu", "1GB", ["512", "1024"]],
    [".25", "", null],
    [".25 vcpu", ".5 gb", ["256", "512"]],
    ["1vcpu", "", ["1024", null]],
    ["", "0.5 gb", [null, "512"]],
    ["two", "512", null],
    ["127", "512", null],
    ["196609", "512", null],
    ["256", "3", null],
    ["256", "1 TB", null],
    ["0.3 vCPU", "512", null],
  ] as const) {
    if (expected === null)
      assert.match(refusal({ cpu, memory }), /^ClientException: Invalid '(cpu|memory)' setting/, cpu);
    else {
      const { taskDefinition } = register({ cpu, memory });
      assert.deepEqual([taskDefinition.cpu, taskDefinition.memory], expected);
    }
  }
});

test("ports by network mode", () => {
  const ports = (...portMappings: object[]) => ({ portMappings });
  for (const networkMode of ["host", "awsvpc"]) {
    assertRefused(
      ports({ containerPort: 80, hostPort: 81 }),
      new RegExp(
        `^When networkMode=${networkMode}, the host ports and container ports in port mappings must match\\.$`,
      ),
      { networkMode },
    );
    const [container] = register({ networkMode, containerDefinitions: [{ ...plain, ...ports({ containerPort: 80 }) }] })
      .taskDefinition.containerDefinitions as { portMappings: object[] }[];
    assert.deepEqual(container?.portMappings, [{ containerPort: 80, hostPort: 80, protocol: "tcp" }]);
  }
  assertRefused(ports({ containerPort: 80 }), /networkMode=none/, { networkMode: "none" });
  assertRefused(ports({}), /containerPort should not be null or empty/);
  assertRefused(ports({ containerPort: 0 }), /containerPort must be between/);
  assertRefused(ports({ containerPort: 65_536 }), /containerPort must be between/);
  assertRefused(ports({ containerPort: 80, hostPort: 65_536 }), /hostPort must be between/);
  assertRefused(ports({ containerPort: 80, protocol: "icmp" }), /protocol should be one of \[tcp, udp\]/);
  assertRefused(ports({ containerPort: 80, appProtocol: "http" }), /portMappings\.name should not be null/);
  assertRefused(ports({ containerPort: 80, name: "a", appProtocol: "ftp" }), /appProtocol should be one of/);
  assertRefused(ports({ containerPort: 80, name: "A b" }), /portMappings\.name must be/);
  assertRefused(
    ports({ containerPort: 80, name: "a" }, { containerPort: 81, name: "a" }),
    /^When networkMode=bridge, port mapping name is already used$/,
  );
  assertRefused(
    ports({ containerPort: 80, hostPort: 8 }, { containerPort: 81, hostPort: 8 }),
    /^TCP host port '8' is used multiple times in task\.$/,
  );
  const bothProtocols = ports(
    { containerPort: 53, hostPort: 53 },
    { containerPort: 53, hostPort: 53, protocol: "udp" },
  );
  assert.equal(refusalOf(bothProtocols), "accepted");
  assert.match(refusal({ networkMode: "nat" }), /^ClientException: networkMode should be one of/);
});

test("port ranges", () => {
  const range = (containerPortRange: string, more: object = {}) => ({
    portMappings: [{ containerPortRange, ...more }],
  });
  assert.equal(refusalOf(range("8000-8099")), "accepted");
  assertRefused(range("8000-8100"), /at most 100 ports/);
  for (const bad of ["", "80", "90-80", "0-10", "1-70000", "a-b"])
    assertRefused(range(bad), /^Invalid 'containerPortRange' setting/);
  assertRefused(range("80-90", { containerPort: 80 }), /cannot specify both single port and port range/);
  assertRefused(range("80-90", { hostPort: 80 }), /cannot specify both single port and port range/);
  assertRefused(range("80-90"), /networkMode=host/, { networkMode: "host" });
  const both = { portMappings: [{ containerPortRange: "1-60" }, { containerPortRange: "101-160" }] };
  assertRefused(both, /at most 100 ports/);
});

test("members that don't go with a network mode are refused", () => {
  assertRefused({ links: ["b"] }, /^Links are not supported when networkMode=host\.$/, { networkMode: "host" });
  assertRefused({ hostname: "a" }, /^hostname is not supported/, { networkMode: "awsvpc" });
  assertRefused({ extraHosts: [{ hostname: "a" }] }, /^Extra hosts are not supported/, { networkMode: "awsvpc" });
  assertRefused({ disableNetworking: true }, /^Disable Networking is not supported/, { networkMode: "awsvpc" });
  assert.match(refusal({ enableFaultInjection: true }), /Fault injection needs/);
});

test("dependencies, links and volumes of other containers", () => {
  const check = (first: object, second: object = {}) =>
    refusal({
      containerDefinitions: [
        { ...plain, ...first },
        { ...plain, name: "b", ...second },
      ],
    });
  const on = (containerName: string, condition = "START") => ({ dependsOn: [{ containerName, condition }] });
  const healthCheck = { command: ["CMD", "true"] };
  assert.equal(check(on("b", "HEALTHY"), { healthCheck }), "accepted");
  assert.match(check(on("b", "HEALTHY")), /HEALTHY condition must have health check/);
  assert.equal(check(on("b", "SUCCESS"), { essential: false }), "accepted");
  assert.match(check(on("b", "SUCCESS")), /cannot be an essential container/);
  assert.match(check(on("b", "COMPLETE")), /cannot be an essential container/);
  assert.match(check(on("c")), /^ClientException: Cannot depend on container \+ 'c' because/);
  assert.match(check(on("app")), /in a circle: app/);
  assert.match(check(on("b", "SOON")), /condition should be one of/);
  assert.match(
    check(on("b"), on("app")),
    /^ClientException: The containers depend on each other in a circle: app, b\.$/,
  );
  assert.match(check({ links: ["b:db"] }, on("app")), /in a circle/);
  assert.equal(check({ links: ["b:db"] }), "accepted");
  assert.match(check({ links: ["c"] }), /'links' setting\. Unknown container: 'c'/);
  assert.match(check({ links: ["b:"] }), /The link 'b:' of container 'app' is invalid/);
  assert.equal(check({ volumesFrom: [{ sourceContainer: "b" }] }), "accepted");
  assert.match(check({ volumesFrom: [{ sourceContainer: "c" }] }), /'volumesFrom' setting\. Unknown container: 'c'/);
  assert.match(check({ volumesFrom: [{}] }), /sourceContainer should not be null or empty/);
});

test("volumes and mount points", () => {
  const mountPoints = [{ sourceVolume: "data", containerPath: "/data" }];
  assertRefused({ mountPoints }, /^Unknown volume 'data'\.$/);
  assert.equal(refusalOf({ mountPoints }, { volumes: [{ name: "data" }] }), "accepted");
  assertRefused({ mountPoints: [{ sourceVolume: "data" }] }, /containerPath should not/, {
    volumes: [{ name: "data" }],
  });
  const volumes = (...given: object[]) => refusal({ volumes: given });
  assert.match(volumes({}), /Volume\.name should not be null or empty/);
  assert.match(volumes({ name: "a b" }), /Volume\.name contains invalid/);
  assert.match(volumes({ name: "a" }, { name: "a" }), /volume name 'a' is used more than once/);
  assert.match(volumes({ name: "a", host: {}, dockerVolumeConfiguration: {} }), /only one configuration/);
  assert.match(volumes({ name: "a", host: {}, configuredAtLaunch: true }), /only one configuration/);
  const atLaunch = [1, 2].map((i) => ({ name: `v${i}`, configuredAtLaunch: true }));
  assert.match(volumes(...atLaunch), /at most one volume/);
  const docker = (dockerVolumeConfiguration: object) => volumes({ name: "a", dockerVolumeConfiguration });
  assert.match(docker({ scope: "all" }), /scope should be one of/);
  assert.match(docker({ autoprovision: true }), /only for volumes with the scope 'shared'/);
  assert.equal(docker({ scope: "shared", autoprovision: true }), "accepted");
  const efs = (efsVolumeConfiguration: object) => volumes({ name: "a", efsVolumeConfiguration });
  const access = { fileSystemId: "fs-1", authorizationConfig: { accessPointId: "fsap-1" } };
  assert.match(efs({}), /fileSystemId should not be null/);
  assert.match(efs(access), /access points require TransitEncryption/);
  assert.equal(efs({ ...access, transitEncryption: "ENABLED" }), "accepted");
  assert.match(efs({ ...access, transitEncryption: "ENABLED", rootDirectory: "/a" }), /root directory must either/);
  assert.match(efs({ fileSystemId: "fs-1", transitEncryption: "YES" }), /transitEncryption should be one of/);
});

test("health checks, time limits, restarts, ulimits, devices, logs and secrets", () => {
  const check = (more: object) => ({ healthCheck: { command: ["CMD", "true"], ...more } });
  assertRefused({ healthCheck: { command: [] } }, /healthCheck\.command should not be null or empty/);
  assertRefused(check({ interval: 4 }), /interval must be greater than or equal to the minimum allowed value 5/);
  assertRefused(check({ timeout: 61 }), /timeout must be less than or equal to the maximum allowed value 60/);
  assertRefused(check({ retries: 11 }), /retries must be less than or equal to the maximum allowed value 10/);
  assertRefused(check({ startPeriod: 301 }), /startPeriod must be less than or equal to the maximum allowed value 300/);
  assertRefused({ startTimeout: -1 }, /startTimeout must be between/);
  assertRefused({ restartPolicy: {} }, /restartPolicy\.enabled should not/);
  assertRefused({ restartPolicy: { enabled: true, restartAttemptPeriod: 59 } }, /between 60 and 1800/);
  const ignoredExitCodes = Array.from({ length: 51 }, (_, i) => i);
  assertRefused({ restartPolicy: { enabled: true, ignoredExitCodes } }, /between 0 and 50/);
  const ulimit = (more: object) => ({ ulimits: [{ name: "nofile", softLimit: 10, hardLimit: 20, ...more }] });
  assert.equal(refusalOf(ulimit({})), "accepted");
  assert.equal(refusalOf(ulimit({ softLimit: -1, hardLimit: -1 })), "accepted");
  assertRefused(ulimit({ name: "files" }), /ulimits\.name should be one of/);
  assertRefused(ulimit({ softLimit: 21 }), /^Soft limit exceeds hard limit for ulimit nofile$/);
  assertRefused(ulimit({ softLimit: undefined }), /needs a softLimit and a hardLimit/);
  assertRefused({ linuxParameters: { swappiness: 101 } }, /swappiness must be between 0 and 100/);
  assertRefused({ linuxParameters: { tmpfs: [{ containerPath: "/t" }] } }, /tmpfs\.size must be between/);
  const need = (...resourceRequirements: object[]) => ({ resourceRequirements });
  assert.equal(refusalOf(need({ type: "GPU", value: "2" })), "accepted");
  assertRefused(need({ type: "GPU", value: "half" }), /GPU is invalid/);
  assert.equal(refusalOf(need({ type: "LICENCES", value: "250000" })), "accepted", "a resource of the user's own");
  assertRefused(need({ type: "LICENCES", value: "0" }), /LICENCES is invalid/);
  for (const type of ["gpu", "cpu", "PORTS", "a b", "1st"]) {
    assertRefused(need({ type, value: "1" }), /type should be one of \[GPU, InferenceAccelerator, NeuronDevice\]/);
  }
  assertRefused(need({ type: "GPU", value: "1" }, { type: "GPU", value: "1" }), /more than once/);
  assertRefused({ logConfiguration: { logDriver: "smoke" } }, /logDriver should be one of/);
  const options = { "awslogs-group": "g" };
  assertRefused({ logConfiguration: { logDriver: "awslogs", options } }, /requires options: awslogs-region$/);
  assertRefused({ firelensConfiguration: { type: "logstash" } }, /firelensConfiguration\.type should be one of/);
  const secrets = [{ name: "KEY", valueFrom: "param" }];
  assertRefused(
    { secrets },
    /^When you are specifying container secrets, you must also specify .*'executionRoleArn'\.$/,
  );
  assert.equal(refusalOf({ secrets }, { executionRoleArn: role }), "accepted");
  const environment = [{ name: "KEY", value: "1" }];
  assertRefused({ secrets, environment }, /^The secret name must be unique .*'KEY'\.$/, { executionRoleArn: role });
  assertRefused({ repositoryCredentials: { credentialsParameter: "arn" } }, /^When you are specifying repository/);
  assertRefused({ environmentFiles: [{ value: "arn", type: "file" }] }, /environmentFiles\.type should be one of/);
});

test("choices, roles and constraints of a task", () => {
  assert.match(refusal({ pidMode: "all" }), /pidMode should be one of/);
  assert.match(refusal({ ipcMode: "all" }), /ipcMode should be one of/);
  assert.match(refusal({ runtimePlatform: { cpuArchitecture: "MIPS" } }), /cpuArchitecture should be one of/);
  assert.match(refusal({ runtimePlatform: { operatingSystemFamily: "BSD" } }), /operatingSystemFamily is unknown/);
  assert.match(refusal({ requiresCompatibilities: ["LAMBDA"] }), /requiresCompatibilities should be one of/);
  assert.equal(refusal({ taskRoleArn: "arn:aws:iam::1:role/x" }), "ClientException: Role is not valid");
  assert.equal(refusal({ executionRoleArn: "a b" }), "ClientException: Role is not valid");
  assert.equal(refusal({ taskRoleArn: "taskRole", executionRoleArn: role }), "accepted");
  const constraints = (...placementConstraints: object[]) => refusal({ placementConstraints });
  const member = { type: "memberOf", expression: "attribute:stack == prod" };
  assert.equal(constraints(...Array.from({ length: 10 }, () => member)), "accepted");
  assert.match(constraints(...Array.from({ length: 11 }, () => member)), /at most 10 placement constraints/);
  assert.equal(
    constraints({ type: "distinctInstance" }),
    "ClientException: constraint.type 'distinctInstance' is not supported.",
  );
  assert.match(
    constraints(member, { type: "memberOf", expression: "attribute:stack = prod" }),
    /^ClientException: Invalid placement constraint expression: .*character 17/,
  );
  assert.match(constraints({ type: "memberOf" }), /expression should not be null or empty/);
  assert.equal(refusal({ tags: [] }), "ClientException: Tags can not be empty.");
});

test("what requires Fargate must fit it", () => {
  const fargate = { requiresCompatibilities: ["FARGATE"], networkMode: "awsvpc", cpu: "256", memory: "512" };
  const told = (request: object, container: object = {}) => refusalOf(container, { ...fargate, ...request });
  assert.equal(told({}), "accepted");
  assert.equal(told({ cpu: undefined }), "ClientException: Fargate requires that 'cpu' be defined at the task level.");
  assert.equal(
    told({ memory: undefined }, { memory: undefined }),
    "ClientException: Fargate requires that 'memory' be defined at the task level.",
  );
  assert.equal(
    told({ memory: "717" }),
    "ClientException: No Fargate configuration exists for given values: 256 CPU, 717 memory. See the Amazon ECS documentation for the valid values.",
  );
  assert.match(told({ networkMode: "bridge" }), /^ClientException: Fargate only supports network mode 'awsvpc'\.$/);
  const needsRole = "ClientException: Fargate requires task definition to have execution role ARN to support";
  assert.equal(told({}, { image: ecrImage }), `${needsRole} ECR images.`);
  assert.equal(told({}, { logConfiguration: awslogs }), `${needsRole} log driver awslogs.`);
  assert.equal(told({ executionRoleArn: role }, { image: ecrImage, logConfiguration: awslogs }), "accepted");
  for (const container of [
    { privileged: true },
    { linuxParameters: { devices: [{ hostPath: "/dev/a" }] } },
    { linuxParameters: { sharedMemorySize: 1 } },
    { linuxParameters: { capabilities: { add: ["NET_ADMIN"] } } },
    { logConfiguration: { logDriver: "syslog" } },
    { resourceRequirements: [{ type: "GPU", value: "1" }] },
    { dockerSecurityOptions: ["no-new-privileges"] },
    { stopTimeout: 121 },
  ]) {
    assert.match(told({}, container), /^ClientException: .*(Fargate|valid log driver)/);
    assert.equal(told({ requiresCompatibilities: ["EC2"] }, container), "accepted");
  }
  for (const request of [
    { pidMode: "host" },
    { ipcMode: "task" },
    { placementConstraints: [{ type: "memberOf", expression: "attribute:stack exists" }] },
    { volumes: [{ name: "a", host: { sourcePath: "/a" } }] },
    { volumes: [{ name: "a", dockerVolumeConfiguration: {} }] },
  ]) {
    assert.match(told(request), /^ClientException: .*Fargate .*not support /);
  }
});

test("compatibilities say where a definition can run", () => {
  const compatibilities = (request: object) => register(request).taskDefinition.compatibilities;
  const size = { cpu: "256", memory: "512" };
  assert.deepEqual(compatibilities({ networkMode: "bridge", ...size }), ["EXTERNAL", "EC2"]);
  assert.deepEqual(compatibilities({ networkMode: "awsvpc" }), ["EC2"]);
  assert.deepEqual(compatibilities({ networkMode: "awsvpc", ...size }), ["EC2", "MANAGED_INSTANCES", "FARGATE"]);
  assert.deepEqual(compatibilities({ networkMode: "awsvpc", cpu: "512", memory: "717" }), ["EC2", "MANAGED_INSTANCES"]);
  const ephemeralStorage = { sizeInGiB: 30 };
  const stored = register({ networkMode: "awsvpc", ...size, ephemeralStorage }).taskDefinition;
  assert.deepEqual([stored.compatibilities, stored.ephemeralStorage], [["FARGATE"], ephemeralStorage]);
  assert.match(refusal({ ephemeralStorage }), /^ClientException: Fargate requires that 'cpu'/);
  assert.match(refusal({ ephemeralStorage: { sizeInGiB: 20 } }), /should be at least 21/);
  const external = { requiresCompatibilities: ["EXTERNAL"] };
  assert.match(refusal({ ...external, networkMode: "awsvpc" }), /External compatible task definitions do not support/);
  const volumes = [{ name: "a", efsVolumeConfiguration: { fileSystemId: "fs-1" } }];
  assert.match(refusal({ ...external, volumes }), /External compatible task definitions do not support volumes/);
  const managed = { requiresCompatibilities: ["MANAGED_INSTANCES"] };
  assert.match(refusal({ ...managed }), /Managed Instances compatible task definitions do not support/);
  assert.match(refusal({ ...managed, networkMode: "host" }), /Managed Instances require that 'cpu'/);
  assert.equal(refusal({ ...managed, networkMode: "host", ...size }), "accepted");
});
