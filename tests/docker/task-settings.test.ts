/** A task definition's settings for a container's process and surroundings, seen from inside containers of a real engine. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { whyNoDocker } from "./docker-host.ts";
import { lasting, TaskWorld, type Wanted } from "./task-world.ts";

const skip = await whyNoDocker();

describe("settings of containers", { skip, concurrency: 4 }, () => {
  let world: TaskWorld;

  before(async () => {
    world = await TaskWorld.open(null, { privileged: true, hostPid: true });
  });
  after(() => world.close());

  it("has the environment of the definition under that of RunTask, and the command of RunTask", async () => {
    const definition = {
      environment: [
        { name: "A", value: "1" },
        { name: "B", value: "2" },
      ],
      command: ["false"],
    };
    const override = { name: "c0", environment: [{ name: "B", value: "3 = x" }], command: ["env"] };
    const arn = await world.run([definition], {}, { overrides: { containerOverrides: [override] } });
    const task = await world.until(arn, "STOPPED");
    assert.deepEqual([task.stopCode, task.containers?.[0]?.exitCode], ["EssentialContainerExited", 0]);
    assert.match(await world.output(arn), /^A=1\n(.*\n)*B=3 = x\n/m);
  });

  it("runs the entry point with the command after it, as the user, in the directory, under the host's name", async () => {
    const { text, container } = await world.script("", {
      entryPoint: ["sh", "-c"],
      command: ["id -u; id -g; pwd; hostname; echo $0 $1", "zero", "one"],
      user: "1234:5678",
      workingDirectory: "/tmp",
      hostname: "my-host",
      dockerLabels: { "my.label": "its value" },
    });
    assert.deepEqual(text.trim().split("\n"), ["1234", "5678", "/tmp", "my-host", "zero one"]);
    const labels = container.Config?.Labels ?? {};
    assert.equal(labels["my.label"], "its value");
    assert.equal(labels["com.amazonaws.ecs.cluster"], "default");
    assert.match(container.Name ?? "", new RegExp(`^/ecs-${world.host.tag}-\\d+-1-c0-[0-9a-f]{20}$`));
  });

  it("has the requested limits, capabilities and kernel settings", async () => {
    const script =
      "ulimit -n; ulimit -c; grep CapBnd /proc/self/status; cat /proc/sys/net/ipv4/ip_unprivileged_port_start";
    const { text } = await world.script(script, {
      ulimits: [
        { name: "nofile", softLimit: 77, hardLimit: 99 },
        { name: "core", softLimit: 0, hardLimit: 0 },
      ],
      linuxParameters: { capabilities: { add: ["SYS_TIME"], drop: ["CHOWN"] } },
      systemControls: [{ namespace: "net.ipv4.ip_unprivileged_port_start", value: "777" }],
    });
    const [files, core, bounding = "", port] = text.trim().split("\n");
    assert.deepEqual([files, core, port], ["77", "0", "777"]);
    const capabilities = BigInt(`0x${bounding.split(/\s+/)[1]}`);
    assert.equal((capabilities >> 25n) & 1n, 1n, "SYS_TIME is there");
    assert.equal(capabilities & 1n, 0n, "CHOWN is not");
  });

  it("is privileged if it says so", async (t) => {
    const arn = await world.run([{ command: ["grep", "CapEff", "/proc/self/status"], privileged: true }]);
    const task = await world.until(arn, "STOPPED");
    assert.equal((await world.container(arn)).HostConfig?.Privileged, true);
    const reason = task.containers?.[0]?.reason ?? "";
    if (reason.includes("unable to apply caps")) return t.skip("the engine is itself not allowed what it would give");
    const [, effective = ""] = (await world.output(arn)).split(/\s+/);
    assert.equal((BigInt(`0x${effective}`) >> 21n) & 1n, 1n, "SYS_ADMIN is there");
  });

  it("has a read-only root with a tmpfs, shared memory of the requested size, and an init process", async () => {
    const script =
      "touch /x && echo wrote; touch /scratch/x && echo scratch; df -k /scratch /dev/shm; ps; cat /proc/1/comm";
    const { text, container } = await world.script(script, {
      readonlyRootFilesystem: true,
      linuxParameters: {
        initProcessEnabled: true,
        sharedMemorySize: 5,
        tmpfs: [{ containerPath: "/scratch", size: 3, mountOptions: ["noexec"] }],
      },
    });
    assert.match(text, /^touch: \/x: Read-only file system$/m);
    assert.match(text, /^scratch$/m);
    assert.match(text, /tmpfs +3072 .*\/scratch\n/);
    assert.match(text, /shm +5120 .*\/dev\/shm\n/);
    assert.match(text, /docker-init|tini/);
    const { Tmpfs } = container.HostConfig as { Tmpfs?: Record<string, string> };
    assert.equal(Tmpfs?.["/scratch"], "noexec,size=3m");
  });

  it("resolves names as configured, and has its devices", async () => {
    const { text, container } = await world.script("cat /etc/resolv.conf /etc/hosts; ls -l /dev/mine", {
      dnsServers: ["10.9.8.7"],
      dnsSearchDomains: ["corp.example"],
      extraHosts: [{ hostname: "other", ipAddress: "10.1.2.3" }],
      linuxParameters: { devices: [{ hostPath: "/dev/null", containerPath: "/dev/mine", permissions: ["read"] }] },
    });
    assert.match(text, /^nameserver 10\.9\.8\.7$/m);
    assert.match(text, /^search corp\.example$/m);
    assert.match(text, /^10\.1\.2\.3\s+other$/m);
    assert.match(text, /^crw.* 1, +3 .*\/dev\/mine$/m);
    const [device] = (container.HostConfig?.Devices ?? []) as readonly object[];
    assert.deepEqual(device, { PathOnHost: "/dev/null", PathInContainer: "/dev/mine", CgroupPermissions: "r" });
  });

  it("logs with the driver and the options of its definition", async () => {
    const options = { "max-size": "1m", "max-file": "2", tag: "mine" };
    const kept = await world.script("echo kept", { logConfiguration: { logDriver: "json-file", options } });
    assert.equal(kept.text, "kept\n");
    assert.deepEqual(kept.container.HostConfig?.LogConfig, { Type: "json-file", Config: options });
  });

  it("has its share of the CPU, its memory limit and its reservation", async () => {
    const paths = ["cpu/cpu.shares", "memory/memory.limit_in_bytes", "memory/memory.soft_limit_in_bytes"];
    const { text, container } = await world.script(
      `cat ${paths.map((path) => `/sys/fs/cgroup/${path}`).join(" ")} 2>/dev/null || true`,
      { cpu: 300, memory: 64, memoryReservation: 24 },
    );
    const mebibyte = 1_048_576;
    const { CpuShares, Memory, MemoryReservation } = container.HostConfig ?? {};
    assert.deepEqual([CpuShares, Memory, MemoryReservation], [300, 64 * mebibyte, 24 * mebibyte]);
    // A host with unified control groups has other files.
    if (text !== "") assert.deepEqual(text.trim().split("\n"), ["300", "67108864", "25165824"]);
  });

  it("is limited with its task", async () => {
    const arn = await world.run([{ command: lasting }], { cpu: "512", memory: "96" });
    const task = await world.until(arn, "RUNNING");
    assert.deepEqual([task.cpu, task.memory], ["512", "96"]);
    const { HostConfig } = await world.container(arn);
    assert.equal((HostConfig as { CgroupParent?: string }).CgroupParent, `/berth/${arn.slice(-32)}`);
    await world.stop(arn);
  });

  it("has its part of swap, its security options and the host's namespaces", async () => {
    const { text, container } = await world.script(
      "grep NoNewPrivs /proc/self/status; ls /dev/shm; cat /proc/1/comm",
      { linuxParameters: { maxSwap: 10, swappiness: 5 }, dockerSecurityOptions: ["no-new-privileges"] },
      { pidMode: "host", ipcMode: "none" },
    );
    const { MemorySwap, MemorySwappiness, PidMode, IpcMode } = container.HostConfig ?? {};
    assert.deepEqual([MemorySwap, MemorySwappiness, PidMode, IpcMode], [42 * 1_048_576, 5, "host", "none"]);
    assert.match(text, /NoNewPrivs:\s+1\n/);
    assert.match(text, /\/dev\/shm: No such file/);
    assert.doesNotMatch(text, /^sh$/m, "the first process is the host's");
  });

  it("is refused, and the message names what its host lacks", async () => {
    const executionRoleArn = "arn:aws:iam::123456789012:role/execution";
    const volume = { name: "v", efsVolumeConfiguration: { fileSystemId: "fs-12345678" } };
    const secret = { name: "A", valueFrom: "arn:aws:ssm:us-east-1:123456789012:parameter/a" };
    const options = { "awslogs-group": "g", "awslogs-region": "us-east-1" };
    const firelensUser: Wanted = { logConfiguration: { logDriver: "awsfirelens" } };
    const cases: readonly (readonly [string, readonly Wanted[], object])[] = [
      ["ecs.capability.efs", [{ mountPoints: [{ sourceVolume: "v", containerPath: "/v" }] }], { volumes: [volume] }],
      ["ecs.capability.secrets.ssm.environment-variables", [{ secrets: [secret] }], { executionRoleArn }],
      [
        "com.amazonaws.ecs.capability.logging-driver.awslogs",
        [{ logConfiguration: { logDriver: "awslogs", options } }],
        {},
      ],
      ["ecs.capability.firelens.fluentbit", [{ firelensConfiguration: { type: "fluentbit" } }, firelensUser], {}],
    ];
    for (const [attribute, wanted, more] of cases) {
      const { failures } = await world.ecs.runTask({ taskDefinition: await world.register(wanted, more) });
      const [failure] = failures ?? [];
      assert.equal(failure?.reason, "ATTRIBUTE");
      assert.match(failure?.detail ?? "", /^Missing attributes: /);
      assert.ok(failure?.detail?.includes(attribute), String(failure?.detail));
    }
  });

  it("is killed if it needs more memory than it may have", async () => {
    const { task } = await world.script("cat /dev/zero | tail", { memory: 16 });
    const [container] = task.containers ?? [];
    assert.equal(container?.reason, "OutOfMemoryError: Container killed due to memory usage");
    assert.equal(container?.exitCode, 137);
    assert.deepEqual(
      [task.stopCode, task.stoppedReason],
      ["EssentialContainerExited", "Essential container in task exited"],
    );
  });
});
