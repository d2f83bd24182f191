import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { agentCapabilities, dockerLogDrivers, type HostPowers } from "./agent-capabilities.ts";
import { dockerAttributes } from "./docker/docker-attributes.ts";
import { simulatedAttributes, simulatedCapabilities } from "./simulated/simulated-attributes.ts";

const isCapability = (name: string): boolean =>
  /^(com\.amazonaws\.)?ecs\.capability\./.test(name) && !name.includes("cni-plugin");

/** A host with Docker that has everything, with EFS or without. */
const docker = (efs: boolean): readonly string[] =>
  dockerAttributes({
    info: { Plugins: { Log: [...dockerLogDrivers] } },
    version: { Arch: "amd64" },
    apiVersion: "1.44",
    canLimitTasks: true,
    hasEndpoints: true,
    gpuDriverVersion: null,
    services: { efs },
  })
    .map(({ name }) => name)
    .filter(isCapability);

const simulated = simulatedAttributes({ gpuIds: [], architecture: "x86_64", availabilityZone: "a" })
  .map(({ name }) => name)
  .filter(isCapability);

const nothing: HostPowers = {
  dockerApi: 0,
  logDrivers: [],
  taskLimits: false,
  credentials: false,
  services: false,
  efs: false,
  trunks: false,
};

describe("what Berth's agents offer", () => {
  it("is the same on simulated hosts and on hosts with Docker, except the trunk and what --efs-dir adds", () => {
    const trunk = "ecs.capability.task-eni-trunking";
    assert.deepEqual(
      simulated.filter((name) => name !== trunk),
      docker(true),
    );
    const withoutFlag = docker(false);
    const added = docker(true).filter((name) => !withoutFlag.includes(name));
    assert.deepEqual(added, ["ecs.capability.efs", "ecs.capability.efsAuth"]);
    assert.deepEqual(simulated, simulatedCapabilities);
  });

  it("leaves out what no agent of Berth's can do", () => {
    const unbuilt = /firelens|appmesh|task-eia|fault-injection|fsx|s3-files|gmsa|selinux|apparmor|ebs-task/;
    assert.deepEqual(
      simulated.filter((name) => unbuilt.test(name)),
      [],
    );
  });

  it("depends on the host for all that needs something", () => {
    const always = agentCapabilities(nothing);
    assert.ok(always.includes("ecs.capability.task-eni"));
    for (const power of ["taskLimits", "credentials", "services", "efs", "trunks"] as const) {
      const more = agentCapabilities({ ...nothing, [power]: true });
      assert.ok(more.length > always.length, power);
    }
  });

  it("is named once each", () => {
    assert.equal(new Set(simulated).size, simulated.length);
  });
});
