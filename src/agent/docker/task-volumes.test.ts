import assert from "node:assert/strict";
import { test } from "node:test";
import { surroundingsOf } from "../engine/engine-task.ts";
import type { DockerVolume } from "./engine/docker-answers.ts";
import type { DockerEngine } from "./engine/docker-engine.ts";
import { DockerError } from "./engine/docker-error.ts";
import { HostRefusal, strictPolicy } from "./policy/host-policy.ts";
import { checkMountedVolumes, checkVolume, makeTaskVolumes, sharedVolumeLabel } from "./task-volumes.ts";

const taskArn = "arn:aws:ecs:us-east-1:123456789012:task/c/0123456789abcdef0123456789abcdef";
const plain = surroundingsOf({ arn: taskArn, desiredStatus: "RUNNING", family: "fam", version: "3" });

const volume = (docker: object) => ({ name: "v", type: "docker" as const, dockerVolumeConfiguration: docker });
const shared = (more: object = {}) => volume({ scope: "shared", autoprovision: true, driver: "local", ...more });

test("driver options that mount something are an escape, and need a flag", () => {
  for (const docker of [
    { driverOpts: { type: "none", o: "bind", device: "/etc" } },
    { driverOpts: { type: "none", o: "rbind", device: "/etc" }, scope: "shared" },
    { driverOpts: { device: "/etc" } },
    { driverOpts: { type: "ext4", device: "/dev/sda1" } },
    { driverOpts: { type: "nfs", o: "addr=10.0.0.1", device: ":/" } },
    { driverOpts: { type: "tmpfs", device: "tmpfs", o: "size=1m,bind" } },
    { driverOpts: { type: "tmpfs", device: "tmpfs", other: "x" } },
    { driverOpts: { o: "bind" } },
    { driver: "sshfs" },
  ]) {
    const shown = JSON.stringify(docker);
    assert.throws(() => checkVolume(volume(docker), strictPolicy), /--allow-volume-options/, shown);
    checkVolume(volume(docker), { ...strictPolicy, volumeOptions: true });
  }
  for (const docker of [
    {},
    { driver: "local", driverOpts: {}, labels: { team: "web" } },
    { driverOpts: { type: "tmpfs", device: "tmpfs", o: "size=100m,uid=1000" } },
    { driverOpts: { size: "10g" } },
  ]) {
    checkVolume(volume(docker), strictPolicy);
  }
});

test("tasks cannot mark a volume as shared by Berth", () => {
  const forged = volume({ labels: { [sharedVolumeLabel]: "true" } });
  assert.throws(() => checkVolume(forged, { ...strictPolicy, volumeOptions: true }), /label berth.shared-volume/);
});

/** An engine that has these volumes and records what it is asked to create. */
function engineWith(volumes: readonly DockerVolume[]) {
  const made: Record<string, unknown>[] = [];
  const docker = {
    inspectVolume: (name: string) => {
      const found = volumes.find(({ Name }) => Name === name);
      return found ? Promise.resolve(found) : Promise.reject(new DockerError(404, "no such volume", "GET /volumes/v"));
    },
    createVolume: (body: Record<string, unknown>) => {
      made.push(body);
      return Promise.resolve({ Name: String(body.Name) });
    },
  } as unknown as DockerEngine;
  return { docker, made };
}

const placeOf = (docker: DockerEngine, volumes: readonly string[] = []) => ({
  docker,
  policy: { ...strictPolicy, volumes },
  agent: "a1",
  signal: new AbortController().signal,
  efs: null,
});

test("a shared volume is created with the agent's label, with autoprovision and without", async () => {
  for (const autoprovision of [true, false]) {
    const { docker, made } = engineWith([]);
    await makeTaskVolumes(placeOf(docker), taskArn, { ...plain, volumes: [shared({ autoprovision })] });
    assert.deepEqual(
      made.map(({ Name, Labels }) => [Name, Labels]),
      [["v", { [sharedVolumeLabel]: "a1" }]],
    );
  }
});

test("an existing volume is used if this agent created it or the operator names it, and refused otherwise", async () => {
  const task = { ...plain, volumes: [shared()] };
  const foreign = engineWith([{ Name: "v", Driver: "local", Labels: { "com.docker.compose.project": "db" } }]);
  for (const refusedBy of [
    () => makeTaskVolumes(placeOf(foreign.docker), taskArn, task),
    () => checkMountedVolumes(placeOf(foreign.docker), taskArn, task, new Set(["v"])),
    () => makeTaskVolumes(placeOf(foreign.docker, ["w"]), taskArn, task),
  ]) {
    await assert.rejects(refusedBy, (error) => error instanceof HostRefusal && /--allow-volume v$/.test(error.message));
  }
  await makeTaskVolumes(placeOf(foreign.docker, ["v"]), taskArn, task);
  assert.deepEqual(foreign.made, []);
  const others = engineWith([{ Name: "v", Driver: "local", Labels: { [sharedVolumeLabel]: "a2" } }]);
  await assert.rejects(makeTaskVolumes(placeOf(others.docker), taskArn, task), HostRefusal, "another agent's");
  const ours = engineWith([{ Name: "v", Driver: "local", Labels: { [sharedVolumeLabel]: "a1" } }]);
  await makeTaskVolumes(placeOf(ours.docker), taskArn, task);
  assert.deepEqual(ours.made, []);
});

test("a volume of the same name with another driver is not mistaken for the requested one", async () => {
  const { docker } = engineWith([{ Name: "v", Driver: "nfs", Labels: null }]);
  const made = makeTaskVolumes(placeOf(docker, ["v"]), taskArn, { ...plain, volumes: [shared()] });
  await assert.rejects(made, /exists with the driver nfs, but the task asks for local/);
  const anyDriver = { ...plain, volumes: [shared({ autoprovision: false })] };
  await makeTaskVolumes(placeOf(docker, ["v"]), taskArn, anyDriver);
});
