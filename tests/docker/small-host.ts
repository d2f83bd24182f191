/*
 * A host with Docker for tests of what surrounds containers: an image with only busybox, and containers that are removed when the
 * test ends.
 */

import { existsSync, readFileSync } from "node:fs";
import { request } from "node:http";
import type { TestContext } from "node:test";
import type { TaskSurroundings } from "../../src/agent/container-runtime.ts";
import { DockerEngine } from "../../src/agent/docker/engine/docker-engine.ts";
import { tarOfOne } from "../../src/agent/docker/groundwork/pause-program.ts";
import { surroundingsOf } from "../../src/agent/engine/engine-task.ts";
import { must } from "../../src/lib/assert.ts";
import { untilFound } from "../until.ts";

const busyboxPaths = ["/bin/busybox", "/usr/bin/busybox"];
const image = { repository: "berth-test/busybox", tag: "alone" };

export const testImage = `${image.repository}:${image.tag}`;

/** Why no test can run here, or false. */
export async function whyNoHost(): Promise<string | false> {
  if (process.getuid?.() !== 0) return "needs root";
  if (!busyboxPaths.some((path) => existsSync(path))) return "needs busybox-static";
  const docker = new DockerEngine(process.env.DOCKER_HOST ?? "");
  try {
    await docker.ping();
    return docker.address.startsWith("unix://") ? false : "needs an engine on this machine";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    docker.close();
  }
}

export class SmallHost {
  readonly docker = new DockerEngine(process.env.DOCKER_HOST ?? "");
  readonly #containers: string[] = [];
  readonly #atEnd: (() => Promise<unknown>)[] = [];

  static async open(context: TestContext): Promise<SmallHost> {
    const host = new SmallHost();
    context.after(() => host.#close());
    const isThere = await host.docker.inspectImage(testImage).then(
      () => true,
      () => false,
    );
    if (isThere) return host;
    const path = must(
      busyboxPaths.find((candidate) => existsSync(candidate)),
      "busybox",
    );
    await host.docker.importImage(tarOfOne("busybox", readFileSync(path)), image.repository, image.tag);
    return host;
  }

  /** Runs `busybox <words>` and returns the container's id. It is removed after the test. */
  async start(words: readonly string[], hostConfig: object, more: object = {}): Promise<string> {
    const name = `berth-test-${process.pid}-${Date.now()}-${this.#containers.length}`;
    const Image = testImage;
    const { Id } = await this.docker.createContainer(name, {
      Image,
      Cmd: ["/busybox", ...words],
      HostConfig: hostConfig,
      ...more,
    });
    this.#containers.push(Id);
    await this.docker.startContainer(Id);
    return Id;
  }

  /** Runs `work` after the test, when its containers are removed. */
  atEnd(work: () => Promise<unknown>): void {
    this.#atEnd.push(work);
  }

  async #close(): Promise<void> {
    await Promise.all(this.#containers.map((id) => this.docker.removeContainer(id).catch(() => {})));
    await Promise.all(this.#atEnd.map((work) => work()));
    this.docker.close();
  }

  /** Runs it to its end. Returns its output, and how it ended. */
  async run(
    words: readonly string[],
    hostConfig: object,
    more: object = {},
  ): Promise<{ readonly text: string; readonly exitCode: number; readonly oomKilled: boolean }> {
    const id = await this.start(words, hostConfig, more);
    const state = await untilFound(`the end of ${words.join(" ")}`, async () => {
      const { State } = await this.docker.inspectContainer(id);
      return State?.Running === false && State;
    });
    const text = await this.docker.logsOf(id);
    return { text, exitCode: state.ExitCode ?? -1, oomKilled: state.OOMKilled === true };
  }
}

/**
 * Words that make an HTTP request from inside a container. wget also resolves numeric addresses, for which a static busybox alone
 * lacks libraries.
 */
export function asking(address: string, port: number, path: string, method = "GET", body = ""): string[] {
  const head = `${method} ${path} HTTP/1.0\\r\\nContent-Length: ${body.length}\\r\\n\\r\\n`;
  const talk = `printf '${head}${body.replaceAll("%", "%%")}'; exec /busybox cat >&2`;
  return ["nc", address, String(port), "-e", "/busybox", "sh", "-c", talk];
}

let tasks = 0;

/** The ARN of a task that no other test has. */
export function someTaskArn(): string {
  tasks += 1;
  const id = `${process.pid.toString(16)}${Date.now().toString(16)}${tasks.toString(16)}`.padStart(32, "0");
  return `arn:aws:ecs:us-east-1:123456789012:task/test/${id}`;
}

/** A plain task in bridge mode, and `more`. */
export const taskWith = (more: Partial<TaskSurroundings>): TaskSurroundings => ({
  ...surroundingsOf({ arn: someTaskArn(), desiredStatus: "RUNNING", family: "f", version: "1" }),
  ...more,
});

/** A task with an interface of the subnet of `gateway`, a /24. */
export const taskAt = (address: string, gateway: string, more: Partial<TaskSurroundings> = {}): TaskSurroundings =>
  taskWith({
    networkMode: "awsvpc",
    networkInterface: {
      macAddress: "0a:01:02:03:04:05",
      ipv4Addresses: [{ privateAddress: address, primary: true }],
      subnetGatewayIpv4Address: `${gateway}/24`,
    },
    ...more,
  });

/** GET from the host itself. */
export function fetchText(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request(url, { agent: false, timeout: 3_000 }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve(text));
    })
      .on("error", reject)
      .end();
  });
}
