/** Tasks as containers of a real engine, started through the API: a server with one container instance in Docker. */
import {
  type ContainerDefinition,
  ECS,
  type RegisterTaskDefinitionCommandInput,
  type RunTaskCommandInput,
  type Task,
} from "@aws-sdk/client-ecs";
import { containerLabels } from "../../src/agent/docker/container-names.ts";
import { DockerHost as Docker } from "../../src/agent/docker/docker-host.ts";
import type { DockerContainer } from "../../src/agent/docker/engine/docker-answers.ts";
import { type HostPolicy, strictPolicy } from "../../src/agent/docker/policy/host-policy.ts";
import { must } from "../../src/lib/assert.ts";
import type { HostServicesOptions } from "../../src/server/hosts/host-services.ts";
import { openLog } from "../../src/server/log/log.ts";
import { type RunningServer, startServer } from "../../src/server/server.ts";
import { untilFound } from "../until.ts";
import { DockerHost } from "./docker-host.ts";

/** A test's container definition. It gets a name, the image, and 32 MiB. */
export type Wanted = Partial<ContainerDefinition>;
type WantedTask = Partial<Omit<RegisterTaskDefinitionCommandInput, "containerDefinitions">>;

/** LIMIT: a container starts in half a second; on a machine that is busy with other tests it may take many. */
const statusTimeoutMs = 60_000;

export class TaskWorld {
  readonly host: DockerHost;
  readonly server: RunningServer;
  readonly ecs: ECS;
  #families = 0;

  private constructor(host: DockerHost, server: RunningServer) {
    this.host = host;
    this.server = server;
    this.ecs = ecsAt(server.url);
  }

  static async open(
    fargate: "docker" | null = null,
    policy: Partial<HostPolicy> = {},
    services: HostServicesOptions | null = null,
  ): Promise<TaskWorld> {
    const host = await DockerHost.open();
    const log = openLog("error");
    const place = { account: "123456789012", region: "us-east-1" };
    const server = await startServer({
      host: "127.0.0.1",
      port: 0,
      dataDir: null,
      auth: { type: "loose", account: place.account },
      latestAgentVersion: "1.99.0",
      simulation: { place, instances: 1, cpu: 4_096, memoryMiB: 16_384, adopt: false, dockerInstance: true },
      managedRuntime: fargate,
      services,
      docker: await Docker.open(process.env.DOCKER_HOST ?? "", log.write, { ...strictPolicy, ...policy }),
      log,
    });
    return new TaskWorld(host, server);
  }

  async close(): Promise<void> {
    this.ecs.destroy();
    await this.server.close();
    await this.host.close();
  }

  /** Registers a task definition whose containers are labelled as this test's by its family. */
  async register(containers: readonly Wanted[], more: WantedTask = {}): Promise<string> {
    this.#families += 1;
    const family = `${this.host.tag}-${this.#families}`;
    await this.ecs.registerTaskDefinition({
      family,
      containerDefinitions: containers.map((wanted, index) => ({
        name: `c${index}`,
        image: this.host.image,
        memory: 32,
        ...wanted,
      })),
      ...more,
    });
    return family;
  }

  /** Runs one task and returns its ARN. Rejects if it was not placed. */
  async run(
    containers: readonly Wanted[],
    more: WantedTask = {},
    request: Partial<RunTaskCommandInput> = {},
  ): Promise<string> {
    const taskDefinition = await this.register(containers, more);
    const { tasks, failures } = await this.ecs.runTask({ taskDefinition, ...request });
    const arn = tasks?.[0]?.taskArn;
    if (arn === undefined) throw new Error(`the task was not placed: ${JSON.stringify(failures)}`);
    return arn;
  }

  async describe(task: string): Promise<Task> {
    const { tasks } = await this.ecs.describeTasks({ cluster: clusterOf(task), tasks: [task] });
    return must(tasks?.[0], "the task");
  }

  /** The task once it is in `status`. Rejects at once if it is STOPPED and another status was wanted. */
  async until(task: string, status: "RUNNING" | "STOPPED", and: (task: Task) => boolean = () => true): Promise<Task> {
    return untilFound(
      `${task} ${status}`,
      async () => {
        const found = await this.describe(task);
        if (found.lastStatus === "STOPPED" && status !== "STOPPED") throw new Error(`it is over: ${sayings(found)}`);
        return found.lastStatus === status && and(found) && found;
      },
      statusTimeoutMs,
    );
  }

  /** A container of the task as Docker has it. */
  async container(task: string, name = "c0"): Promise<DockerContainer> {
    return must((await this.containers(task)).get(name), `container ${name}`);
  }

  /** Docker's containers of the task, by name. */
  async containers(task: string): Promise<ReadonlyMap<string, DockerContainer>> {
    const { docker } = this.host;
    const found = await docker.listContainers({ label: [`${containerLabels.taskArn}=${task}`] });
    // One may be removed meanwhile.
    const all = await Promise.allSettled(found.map(({ Id }) => docker.inspectContainer(Id)));
    const there = all.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
    return new Map(there.map((one) => [one.Config?.Labels?.[containerLabels.containerName] ?? "", one]));
  }

  /** The output of a container of the task, once it has ended. */
  async output(task: string, name = "c0"): Promise<string> {
    return this.host.docker.logsOf((await this.container(task, name)).Id);
  }

  /** Runs a shell script to its end as the only container of a task. Returns its output and the task. */
  async script(
    script: string,
    wanted: Wanted = {},
    more: WantedTask = {},
    request: Partial<RunTaskCommandInput> = {},
  ): Promise<{ readonly text: string; readonly task: Task; readonly container: DockerContainer }> {
    const arn = await this.run([{ command: ["sh", "-c", script], ...wanted }], more, request);
    const task = await this.until(arn, "STOPPED");
    return { task, text: await this.output(arn), container: await this.container(arn) };
  }

  async stop(task: string): Promise<Task> {
    await this.ecs.stopTask({ cluster: clusterOf(task), task, reason: "the test says so" });
    return this.until(task, "STOPPED");
  }
}

export function ecsAt(endpoint: string): ECS {
  const credentials = { accessKeyId: "any", secretAccessKey: "any" };
  return new ECS({ endpoint, region: "us-east-1", credentials, maxAttempts: 1 });
}

const clusterOf = (taskArn: string): string => taskArn.split("/")[1] ?? "default";

/** What a task shows about its end. */
export const sayings = ({ stopCode, stoppedReason, containers }: Task): string =>
  JSON.stringify([stopCode, stoppedReason, containers?.map(({ name, exitCode, reason }) => [name, exitCode, reason])]);

/** Sleeps until it is ordered to end, and then ends at once. */
export const lasting = ["sh", "-c", "trap 'exit 0' TERM; while true; do sleep 0.1; done"];
