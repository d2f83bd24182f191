import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { registrationRequest } from "../../agent/registration.ts";
import { parseFlags, UsageError } from "../flags/flags.ts";
import { agentCommand, checkReservedMemory, factsOf, settingsFrom } from "./agent-settings.ts";

const environment = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "secret" };
const settings = (...argv: string[]) => {
  const needed = ["--endpoint", "http://127.0.0.1:4280", "--region", "eu-west-1", ...argv];
  return settingsFrom(parseFlags(agentCommand, needed), { ...environment, DOCKER_HOST: "tcp://10.0.0.1:2375" });
};
const hardware = { architecture: "arm64", cpu: 2_048, memoryMiB: 4_000, gpuIds: ["GPU-1"] } as const;
const capabilities = [
  { name: "ecs.capability.task-eni" },
  { name: "ecs.capability.task-eni-trunking" },
  { name: "ecs.os-type", value: "linux" },
];

describe("the flags of berth agent", () => {
  it("have defaults that fit a machine with Docker", () => {
    const { runtime, dockerHost, pullBehaviour, cluster, dataDir, external, availabilityZone, instanceType } =
      settings();
    assert.deepEqual([runtime, dockerHost, pullBehaviour], ["docker", "tcp://10.0.0.1:2375", "default"]);
    assert.deepEqual([cluster, dataDir, external], [null, "/var/lib/berth-agent", false]);
    assert.deepEqual([availabilityZone, instanceType], ["eu-west-1a", "docker"]);
    assert.equal(settings("--docker-host", "unix:///run/podman.sock").dockerHost, "unix:///run/podman.sock");
  });

  it("read lists of names and values", () => {
    const { customAttributes, tags } = settings("--attributes", "rack=r1, disk = ssd,empty=", "--tags", "url=a=b");
    assert.deepEqual(
      customAttributes.map(({ name, value }) => [name, value]),
      [
        ["rack", "r1"],
        ["disk", "ssd"],
        ["empty", ""],
      ],
    );
    assert.deepEqual(tags, [{ key: "url", value: "a=b" }]);
  });

  const wrong: readonly (readonly [argv: readonly string[], says: RegExp])[] = [
    [["--attributes", "rack"], /--attributes must be a list like a=1,b=2, but has "rack"/],
    [["--tags", "a=1,"], /--tags must be a list .* but has ""/],
    [["--tags", " =1"], /--tags must be a list/],
    [["--tags", "a=1,a=2"], /--tags has a twice/],
    [["--runtime", "podman"], /--runtime must be one of docker, simulated, not "podman"/],
    [["--pull-behavior", "never"], /--pull-behavior must be one of default, always, once, prefer-cached/],
    [["--reserved-memory", "-1"], /--reserved-memory must be a whole number/],
  ];
  for (const [argv, says] of wrong) {
    it(`refuse ${argv.join(" ")}`, () => {
      assert.throws(
        () => settings(...argv),
        (error: unknown) => error instanceof UsageError && says.test(error.message),
      );
    });
  }

  it("leave some of the memory to tasks", () => {
    checkReservedMemory({ reservedMemoryMiB: 3_999 }, hardware);
    assert.throws(() => checkReservedMemory({ reservedMemoryMiB: 4_000 }, hardware), /leaves none of the 4000 MiB/);
  });
});

describe("what an agent registers with", () => {
  it("is its machine, minus what is reserved, in the form of EC2", () => {
    const given = settings("--reserved-memory", "500", "--attributes", "rack=r1", "--tags", "team=web");
    const facts = factsOf(given, hardware, capabilities);
    assert.deepEqual([facts.cpu, facts.memoryMiB, facts.gpuIds], [2_048, 3_500, ["GPU-1"]]);
    assert.match(facts.identity?.instanceId ?? "", /^i-[0-9a-f]{17}$/);
    assert.deepEqual(facts.identity, {
      ...facts.identity,
      account: null,
      region: "eu-west-1",
      availabilityZone: "eu-west-1a",
      instanceType: "docker",
      architecture: "arm64",
    });
    assert.deepEqual(facts.attributes, capabilities);
    const custom = [
      { name: "berth.runtime", value: "docker" },
      { name: "rack", value: "r1" },
    ];
    assert.deepEqual(facts.customAttributes, custom);
    assert.deepEqual(facts.tags, [{ key: "team", value: "web" }]);
  });

  it("is the same instance for the same data directory, and another for another", () => {
    const idOf = (dataDir: string) => factsOf(settings("--data-dir", dataDir), hardware, []).identity?.instanceId;
    assert.equal(idOf("/a"), idOf("/a/"));
    assert.notEqual(idOf("/a"), idOf("/b"));
  });

  it("says nothing about the machine if it is EXTERNAL, and offers no interfaces", () => {
    const facts = factsOf(settings("--external"), hardware, capabilities);
    assert.equal(facts.identity, null);
    const names = [{ name: "ecs.os-type", value: "linux" }, { name: "ecs.capability.external" }];
    assert.deepEqual(facts.attributes, names);
    const request = registrationRequest(facts, "default", "token", null) as Readonly<Record<string, unknown>>;
    assert.equal(request.instanceIdentityDocument, "");
    assert.equal(request.instanceIdentityDocumentSignature, "");
  });
});
