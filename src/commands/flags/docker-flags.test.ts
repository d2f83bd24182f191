import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { openLog } from "../../server/log/log.ts";
import { StartError } from "../../server/start-error.ts";
import { dockerUse, fargateFlags, runtimeFlags } from "./docker-flags.ts";
import { parseFlags, UsageError } from "./flags.ts";

const lines: string[] = [];
const log = openLog("warn", { write: (line) => void lines.push(line) });
const flags = { ...fargateFlags, ...runtimeFlags };
const use = (hasInstance: boolean, ...argv: string[]) =>
  dockerUse(parseFlags({ usage: "", about: "", flags, examples: [] }, argv), log, hasInstance);

describe("if Docker does not answer", () => {
  const { DOCKER_HOST } = process.env;
  before(() => {
    process.env.DOCKER_HOST = "unix:///nowhere/docker.sock";
  });
  after(() => {
    if (DOCKER_HOST === undefined) delete process.env.DOCKER_HOST;
    else process.env.DOCKER_HOST = DOCKER_HOST;
  });

  it("auto simulates, and a line of the log says why", async () => {
    const simulated = { docker: null, instance: false, fargate: "simulated" };
    assert.deepEqual(await use(true), simulated);
    assert.match(lines.join(), /Docker does not answer on unix:\/\/\/nowhere\/docker\.sock/);
    assert.deepEqual(await use(false), simulated);
  });

  it("nothing is reported to a user who does not want Docker", async () => {
    lines.length = 0;
    assert.deepEqual(await use(true, "--runtime", "simulated"), {
      docker: null,
      instance: false,
      fargate: "simulated",
    });
    assert.deepEqual(await use(false, "--fargate", "off"), { docker: null, instance: false, fargate: null });
    assert.deepEqual(lines, []);
  });

  it("a user who wants it learns how to do without", async () => {
    const told = (flag: string) => (error: unknown) =>
      error instanceof StartError && error.message.endsWith(`start it, or pass --${flag} simulated.`);
    await assert.rejects(use(true, "--runtime", "docker"), told("runtime"));
    await assert.rejects(use(true, "--runtime", "docker", "--fargate", "off"), told("runtime"));
    await assert.rejects(use(false, "--fargate", "docker"), told("fargate"));
  });
});

describe("other words", () => {
  it("are refused, and the message lists the valid ones", async () => {
    const refused = (says: RegExp) => (error: unknown) => error instanceof UsageError && says.test(error.message);
    await assert.rejects(
      use(true, "--runtime", "off"),
      refused(/--runtime must be one of auto, docker, simulated, not "off"/),
    );
    await assert.rejects(
      use(false, "--fargate", "podman"),
      refused(/one of auto, docker, simulated, off, not "podman"/),
    );
  });
});
