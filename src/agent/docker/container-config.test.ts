import assert from "node:assert/strict";
import { test } from "node:test";
import type { PayloadContainer } from "../../agent-protocol/to-agent/payload-container.ts";
import { surroundingsOf } from "../engine/engine-task.ts";
import { type ContainerPlan, containerConfig, UnusablePayload } from "./container-config.ts";
import { containerName, taskVolumeName } from "./container-names.ts";

const taskArn = "arn:aws:ecs:us-east-1:123456789012:task/c/0123456789abcdef0123456789abcdef";

const task = surroundingsOf({ arn: taskArn, desiredStatus: "RUNNING", family: "fam", version: "3" });

type Body = {
  readonly [member: string]: unknown;
  readonly Env: readonly string[];
  readonly Labels: Readonly<Record<string, string>>;
  readonly HostConfig: Readonly<Record<string, unknown>>;
};

function made(spec: Partial<PayloadContainer>, more: Partial<ContainerPlan> = {}): Body {
  const plan: ContainerPlan = {
    name: { taskArn, container: "app" },
    spec: { name: "app", image: "busybox:latest", ...spec },
    bindings: [],
    task,
    place: {},
    cluster: "testc",
    environment: {},
    gpu: { by: "device-requests" },
    realPaths: new Map([["/etc", "/etc"]]),
    ...more,
  };
  return containerConfig(plan).body as Body;
}

const dockerConfig = (config: object, hostConfig: object = {}): Partial<PayloadContainer> => ({
  dockerConfig: { config: JSON.stringify(config), hostConfig: JSON.stringify(hostConfig) },
});

test("a name says what runs in the container, and follows from the task", () => {
  const name = containerName({ taskArn, container: "app" }, task);
  assert.match(name, /^ecs-fam-3-app-[0-9a-f]{20}$/);
  assert.equal(name, containerName({ taskArn, container: "app" }, task));
  assert.notEqual(name, containerName({ taskArn: `${taskArn}0`, container: "app" }, task));
  assert.match(containerName({ taskArn, container: "a b/ü" }, task), /^ecs-fam-3-a-b---[0-9a-f]{20}$/);
});

test("CPU shares and memory have a minimum, and no memory means no limit", () => {
  assert.deepEqual(made({}).HostConfig, { CpuShares: 2, Binds: [], CgroupParent: "" });
  const { CpuShares, Memory } = made({ cpu: 10, memory: 32 }).HostConfig;
  assert.deepEqual([CpuShares, Memory], [10, 33_554_432]);
  assert.equal(made({ memory: 1 }).HostConfig.Memory, 4_194_304);
  assert.equal(made({ cpu: 1_000_000 }).HostConfig.CpuShares, 262_144);
});

test("a container whose environment files or secrets would be missing is not created", () => {
  const environmentFiles = [{ type: "s3", value: "arn:aws:s3:::b/a.env" }];
  const secrets = [{ name: "KEY", valueFrom: "/key", provider: "ssm" }] as const;
  for (const [spec, message] of [
    [
      { environmentFiles },
      "ResourceInitializationError: failed to download env files: this agent does not read arn:aws:s3:::b/a.env",
    ],
    [
      { secrets: [...secrets] },
      "ResourceInitializationError: unable to pull secrets or registry auth: this agent does not read /key",
    ],
  ] as const) {
    assert.throws(
      () => made(spec),
      (error) => error instanceof UnusablePayload && error.message === message,
    );
  }
  made({ environmentFiles: [], secrets: [] });
});

test("empty commands and entry points mean the image's", () => {
  const body = made({ command: [], entryPoint: null });
  assert.equal("Cmd" in body, false);
  assert.equal("Entrypoint" in body, false);
  assert.deepEqual(made({ command: ["a"], entryPoint: ["b"] }).Cmd, ["a"]);
});

test("the environment is the payload's, then the agent's, whatever the Docker config replaces", () => {
  const environment = { ECS_AGENT_URI: "http://169.254.170.2/api/x" };
  assert.deepEqual(made({ environment: { A: "1", B: "x=y" } }, { environment }).Env, [
    "A=1",
    "B=x=y",
    "ECS_AGENT_URI=http://169.254.170.2/api/x",
  ]);
  const replaced = made({ environment: { A: "1" }, ...dockerConfig({ Env: ["C=3"] }) }, { environment });
  assert.deepEqual(replaced.Env, ["C=3", "ECS_AGENT_URI=http://169.254.170.2/api/x"]);
});

test("the Docker config wins, except for the agent's labels and the task's place", () => {
  const body = made(
    {
      cpu: 10,
      ...dockerConfig(
        { User: "1000", Labels: { mine: "x", "com.amazonaws.ecs.task-arn": "forged" } },
        { CpuShares: 99, CgroupParent: "/elsewhere", NetworkMode: "none", PidMode: "host", Init: true },
      ),
    },
    { place: { cgroupParent: "/berth/1", networkMode: "container:pause", pidMode: "container:pause" } },
  );
  assert.equal(body.User, "1000");
  assert.equal(body.Labels.mine, "x");
  assert.equal(body.Labels["com.amazonaws.ecs.task-arn"], taskArn);
  assert.deepEqual(body.HostConfig, {
    CpuShares: 99,
    Binds: [],
    Init: true,
    CgroupParent: "/berth/1",
    NetworkMode: "container:pause",
    PidMode: "container:pause",
  });
  assert.equal(made(dockerConfig({}, { CgroupParent: "/elsewhere" })).HostConfig.CgroupParent, "");
});

test("a container in another one's network has no host name, DNS or ports of its own", () => {
  const body = made(dockerConfig({ Hostname: "h" }, { Dns: ["10.0.0.2"], ExtraHosts: ["a:1.2.3.4"] }), {
    place: { networkMode: "container:pause" },
    bindings: [{ protocol: "tcp", containerPort: 80, hostPort: 80, count: 1 }],
  });
  for (const member of ["Hostname", "ExposedPorts"]) assert.equal(member in body, false, member);
  for (const member of ["Dns", "ExtraHosts", "PortBindings"]) assert.equal(member in body.HostConfig, false, member);
});

test("ports are exposed and bound, ranges port by port, one port to several of the host", () => {
  const body = made(
    {},
    {
      bindings: [
        { protocol: "tcp", containerPort: 80, hostPort: 32_768, count: 1 },
        { protocol: "tcp", containerPort: 80, hostPort: 32_769, count: 1 },
        { protocol: "udp", containerPort: 9_000, hostPort: 40_000, count: 2 },
      ],
    },
  );
  assert.deepEqual(body.ExposedPorts, { "80/tcp": {}, "9000/udp": {}, "9001/udp": {} });
  assert.deepEqual(body.HostConfig.PortBindings, {
    "80/tcp": [{ HostPort: "32768" }, { HostPort: "32769" }],
    "9000/udp": [{ HostPort: "40000" }],
    "9001/udp": [{ HostPort: "40001" }],
  });
});

test("mounts name paths and volumes; a mount without a volume is an anonymous one", () => {
  const volumes = [
    { name: "etc", type: "host", host: { sourcePath: "/etc" } },
    { name: "empty", type: "host", host: {} },
    { name: "shared", type: "docker", dockerVolumeConfiguration: { scope: "shared" } },
  ];
  const body = made(
    {
      mountPoints: [
        { sourceVolume: "etc", containerPath: "/a", readOnly: true },
        { sourceVolume: "empty", containerPath: "/b" },
        { sourceVolume: "shared", containerPath: "/c" },
        { containerPath: "/d" },
      ],
    },
    { task: { ...task, volumes } },
  );
  assert.deepEqual(body.HostConfig.Binds, ["/etc:/a:ro"]);
  assert.deepEqual(body.HostConfig.Mounts, [
    { Type: "volume", Source: taskVolumeName(taskArn, "empty", task), Target: "/b", ReadOnly: false },
    { Type: "volume", Source: "shared", Target: "/c", ReadOnly: false },
  ]);
  assert.deepEqual(body.Volumes, { "/d": {} });
});

test("other containers of the task are referred to by their names; links only in bridge mode", () => {
  const other = containerName({ taskArn, container: "db" }, task);
  const spec = { links: ["db", "db:store"], volumesFrom: [{ sourceContainer: "db", readOnly: true }] };
  const { Links, VolumesFrom } = made(spec).HostConfig;
  assert.deepEqual(Links, [`${other}:db`, `${other}:store`]);
  assert.deepEqual(VolumesFrom, [`${other}:ro`]);
  assert.equal("Links" in made(spec, { task: { ...task, networkMode: "host" } }).HostConfig, false);
});

test("GPUs are requested from the engine, or from a runtime by environment variable", () => {
  const withGpus = { task: { ...task, gpuIds: { app: ["GPU-a", "GPU-b"] } } };
  const requested = made({}, withGpus);
  assert.deepEqual(requested.HostConfig.DeviceRequests, [
    { Driver: "nvidia", DeviceIDs: ["GPU-a", "GPU-b"], Capabilities: [["gpu"]] },
  ]);
  const byRuntime = made({}, { ...withGpus, gpu: { by: "runtime", runtime: "nvidia" } });
  assert.deepEqual(byRuntime.Env, ["NVIDIA_VISIBLE_DEVICES=GPU-a,GPU-b"]);
  assert.equal(byRuntime.HostConfig.Runtime, "nvidia");
  assert.equal("Runtime" in made({}, { gpu: { by: "runtime", runtime: "nvidia" } }).HostConfig, false);
});

test("a task cannot set members that reach beyond its container, unless they are empty", () => {
  for (const [member, value] of Object.entries({
    Binds: ["/:/host"],
    Mounts: [{ Type: "bind", Source: "/", Target: "/host" }],
    VolumesFrom: ["another"],
    Links: ["another:db"],
    PortBindings: { "80/tcp": [{ HostPort: "22" }] },
    PublishAllPorts: true,
    DeviceRequests: [{ Count: -1 }],
    DeviceCgroupRules: ["a *:* rwm"],
    Runtime: "another",
    UTSMode: "host",
    UsernsMode: "host",
    CgroupnsMode: "host",
    Cgroup: "container:another",
    GroupAdd: ["docker"],
    OomScoreAdj: -1000,
    VolumeDriver: "another",
    RestartPolicy: { Name: "always" },
    MaskedPaths: ["/x"],
  })) {
    const message = `HostConfigError: the member ${member} of the given host config cannot be set by a task`;
    assert.throws(() => made(dockerConfig({}, { [member]: value })), { name: "UnusablePayload", message });
  }
  const networking = { NetworkingConfig: { EndpointsConfig: { "berth-10.64.0.0": {} } } };
  assert.throws(() => made(dockerConfig(networking)), /DockerClientConfigError: the member NetworkingConfig/);
  assert.throws(() => made(dockerConfig({ HostConfig: { Privileged: true } })), /the member HostConfig/);
  assert.throws(() => made(dockerConfig({ Labels: { "berth.owner": "x" } })), /the label berth.owner is reserved/);
  made(dockerConfig({ NetworkingConfig: {} }, { Binds: null, UTSMode: "", PublishAllPorts: false, OomScoreAdj: 0 }));
});

test("a containerPath is an absolute path without options", () => {
  const volumes = [{ name: "etc", type: "host", host: { sourcePath: "/etc" } }];
  for (const containerPath of ["", "a", "/a:ro", "/a:/b", "/a:rshared", "/a\0b", "/a,b:z"]) {
    const message = /HostConfigError: the containerPath .* is not an absolute path without colons/;
    for (const sourceVolume of ["etc", ""]) {
      const spec = { mountPoints: [{ sourceVolume, containerPath }] };
      assert.throws(() => made(spec, { task: { ...task, volumes } }), message, containerPath);
    }
  }
  const colon = [{ name: "etc", type: "host", host: { sourcePath: "/e:/tc" } }];
  const realPaths = new Map([["/e:/tc", "/e:/tc"]]);
  const spec = { mountPoints: [{ sourceVolume: "etc", containerPath: "/a" }] };
  assert.throws(() => made(spec, { task: { ...task, volumes: colon }, realPaths }), /sourcePath "\/e:\/tc" cannot be/);
});

test("an unusable payload fails with its reason", () => {
  const refusals: [Partial<PayloadContainer>, string][] = [
    [{ dockerConfig: { config: "{" } }, "DockerClientConfigError: the given config is not a JSON object"],
    [{ dockerConfig: { hostConfig: "[]" } }, "HostConfigError: the given host config is not a JSON object"],
    [{ mountPoints: [{ sourceVolume: "v", containerPath: "/v" }] }, "HostConfigError: Invalid volume referenced: v"],
    [
      { healthCheckType: "docker" },
      "DockerClientConfigError: the container's health is to be checked, but no check is given",
    ],
  ];
  for (const [spec, message] of refusals) {
    assert.throws(
      () => made(spec),
      (error) => error instanceof UnusablePayload && error.message === message,
    );
  }
  made({ healthCheckType: "docker", ...dockerConfig({ Healthcheck: { Test: ["CMD", "true"] } }) });
});
