import assert from "node:assert/strict";
import { test } from "node:test";
import { SmallEndpoints, taskArn } from "./small-endpoints.ts";

const inspected = {
  Name: "/ecs-web-7-app-1",
  Image: "sha256:feed",
  Created: "2030-01-02T03:04:05.123456789Z",
  Config: { Labels: { "com.amazonaws.ecs.task-arn": taskArn } },
  State: { StartedAt: "2030-01-02T03:04:06.5Z", FinishedAt: "0001-01-01T00:00:00Z" },
  HostConfig: { LogConfig: { Type: "json-file", Config: { "max-size": "1m" } } },
  Mounts: [{ Type: "volume", Name: "v", Source: "/var/lib/v", Destination: "/data" }],
  NetworkSettings: { Networks: { bridge: { IPAddress: "172.17.0.2" } } },
};

test("a container sees itself, including what Docker says about it", async () => {
  const world = new SmallEndpoints({}, { healthCheckType: "docker", containerArn: "arn:container" }).runs();
  world.inspect = inspected;
  world.app.bindings = [{ protocol: "tcp", containerPort: 80, hostPort: 32768, count: 1 }];
  assert.deepEqual(await world.read(""), {
    DockerId: "docker-1",
    Name: "app",
    DockerName: "ecs-web-7-app-1",
    Image: "web:1",
    ImageID: "sha256:feed",
    Ports: [{ ContainerPort: 80, Protocol: "tcp", HostPort: 32768, HostIp: "0.0.0.0" }],
    Labels: { "com.amazonaws.ecs.task-arn": taskArn },
    DesiredStatus: "RUNNING",
    KnownStatus: "RUNNING",
    Limits: { CPU: 128, Memory: 64 },
    CreatedAt: "2030-01-02T03:04:05.123456789Z",
    StartedAt: "2030-01-02T03:04:06.5Z",
    Type: "NORMAL",
    Health: { status: "UNKNOWN", statusSince: "2030-01-02T03:04:05.000Z" },
    Volumes: [{ DockerName: "v", Source: "/var/lib/v", Destination: "/data" }],
    LogDriver: "json-file",
    LogOptions: { "max-size": "1m" },
    ContainerARN: "arn:container",
    Networks: [{ NetworkMode: "bridge", IPv4Addresses: ["172.17.0.2"] }],
  });
});

test("version 3 leaves out what came with version 4", async () => {
  const world = new SmallEndpoints({}, { containerArn: "arn:container" }).runs();
  world.inspect = inspected;
  const { body } = await world.get(`/v3/${world.ids.idOf(taskArn, "app")}`);
  const members = Object.keys(body as object);
  for (const name of ["LogDriver", "LogOptions", "ContainerARN"]) assert.ok(!members.includes(name), name);
  assert.ok(members.includes("DockerId"));
});

test("a task with all its containers, including those not created yet", async () => {
  const world = new SmallEndpoints({ cpuUnits: 512, memoryMiB: 256, launchType: "FARGATE", serviceName: "web" }).runs();
  world.task.pullStartedAt = Date.UTC(2030, 0, 1);
  const { Containers, ...task } = await world.read("/task");
  assert.deepEqual(task, {
    Cluster: "lab",
    TaskARN: taskArn,
    Family: "web",
    ServiceName: "web",
    Revision: "7",
    DesiredStatus: "RUNNING",
    KnownStatus: "NONE",
    Limits: { CPU: 0.5, Memory: 256 },
    PullStartedAt: "2030-01-01T00:00:00.000Z",
    AvailabilityZone: "us-east-1a",
    LaunchType: "FARGATE",
  });
  const containers = Containers as { Name: string; DockerId: string; KnownStatus: string; Limits: object }[];
  assert.deepEqual(
    containers.map(({ Name, DockerId, KnownStatus, Limits }) => [Name, DockerId, KnownStatus, Limits]),
    [
      ["app", "docker-1", "RUNNING", { CPU: 128, Memory: 64 }],
      ["log", "", "NONE", { CPU: 512, Memory: 256 }],
    ],
  );
});

test("in awsvpc the network is the task's interface, and no host port leads to it", async () => {
  const networkInterface = {
    macAddress: "0a:11:22:33:44:55",
    ipv4Addresses: [{ privateAddress: "10.64.20.9", primary: true }],
    subnetGatewayIpv4Address: "10.64.16.1/20",
    privateDnsName: "ip-10-64-20-9.internal",
  };
  const world = new SmallEndpoints({ networkMode: "awsvpc", networkInterface }).runs();
  const { Networks, Ports } = await world.read("");
  assert.deepEqual(Networks, [
    {
      NetworkMode: "awsvpc",
      IPv4Addresses: ["10.64.20.9"],
      AttachmentIndex: 0,
      MACAddress: "0a:11:22:33:44:55",
      IPv4SubnetCIDRBlock: "10.64.16.0/20",
      PrivateDNSName: "ip-10-64-20-9.internal",
      SubnetGatewayIpv4Address: "10.64.16.1/20",
    },
  ]);
  assert.equal(Ports, undefined);
});

test("tags of the task and the instance, or an error in their place if ECS gives none", async () => {
  const world = new SmallEndpoints().runs();
  world.reply = () => Promise.resolve({ tags: [{ key: "team", value: "a" }] });
  const { TaskTags, ContainerInstanceTags, Errors } = await world.read("/taskWithTags");
  assert.deepEqual([TaskTags, ContainerInstanceTags, Errors], [{ team: "a" }, { team: "a" }, undefined]);
  assert.deepEqual(
    world.calls.map(({ as, operation, request }) => [as, operation, request]),
    [
      ["agent", "ListTagsForResource", { resourceArn: taskArn }],
      ["agent", "ListTagsForResource", { resourceArn: "arn:instance" }],
    ],
  );
  world.reply = () => Promise.reject(Object.assign(new Error("no"), { code: "AccessDeniedException" }));
  const refused = await world.read("/taskWithTags");
  assert.deepEqual(refused.Errors, [
    {
      ErrorField: "TaskTags",
      ErrorCode: "AccessDeniedException",
      ErrorMessage: "no",
      StatusCode: 400,
      ResourceARN: taskArn,
    },
    {
      ErrorField: "ContainerInstanceTags",
      ErrorCode: "AccessDeniedException",
      ErrorMessage: "no",
      StatusCode: 400,
      ResourceARN: "arn:instance",
    },
  ]);
  assert.equal(refused.TaskARN, taskArn);
});

test("Docker is asked once a second, however often containers ask", async () => {
  const world = new SmallEndpoints().runs();
  for (let i = 0; i < 5; i++) await world.read("/task");
  assert.equal(world.inspected.length, 1);
  await world.clock.advance(1_000);
  await world.read("");
  assert.equal(world.inspected.length, 2);
});

test("unknown ids and paths", async () => {
  const world = new SmallEndpoints();
  const id = "0".repeat(32);
  const from = "from request: unable to get";
  for (const [path, text] of [
    ["", `V4 container metadata handler: unable to get container ID ${from} docker ID from v3 endpoint ID: ${id}`],
    ["/task", `V4 task metadata handler: unable to get task arn ${from} task Arn from v3 endpoint ID: ${id}`],
    ["/stats", `V4 container stats handler: unable to get task arn ${from} task Arn from v3 endpoint ID: ${id}`],
    ["/task/stats", `V4 task stats handler: unable to get task arn ${from} task Arn from v3 endpoint ID: ${id}`],
  ]) {
    assert.deepEqual(await world.get(`/v4/${id}${path}`), { status: 404, body: text });
  }
  for (const path of ["/", "/v4", "/v5/x", `/v4/${world.ids.idOf(taskArn, "app")}/secrets`, "/v2/metadata"]) {
    assert.deepEqual(await world.get(path), { status: 404, body: "404 page not found" }, path);
  }
  assert.equal((await world.put(`/v4/${world.ids.idOf(taskArn, "app")}`, "")).status, 405);
});

test("ids differ by container, by task and by secret", () => {
  const { ids } = new SmallEndpoints();
  const all = [ids.idOf(taskArn, "app"), ids.idOf(taskArn, "log"), ids.idOf(`${taskArn}0`, "app")];
  assert.equal(new Set(all).size, 3);
  for (const id of all) assert.match(id, /^[0-9a-f]{32}$/);
});
