/** A DockerRuntime whose services of AWS are in memory, in a test. It can be restarted. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { DockerRuntimeOptions } from "../../src/agent/docker/docker-runtime.ts";
import { ConnectionPool } from "../../src/agent/remote/connection-pool.ts";
import { TaskCredentials } from "../../src/agent/task-credentials.ts";
import { SmallAws } from "../../src/agent/task-services/small-aws.ts";
import { TaskServices, type TaskServicesSettings } from "../../src/agent/task-services/task-services.ts";
import type { PayloadContainer } from "../../src/agent-protocol/to-agent/payload-container.ts";
import { seededRandom } from "../../src/lib/random.ts";
import { systemClock } from "../../src/lib/system-clock.ts";
import { DockerHost } from "./docker-host.ts";
import { RuntimeWorld } from "./runtime-world.ts";

export class ServicesWorld {
  readonly host: DockerHost;
  readonly aws: SmallAws;
  readonly cluster: string;
  readonly taskArn: string;
  readonly pool = new ConnectionPool(null);
  readonly credentials = new TaskCredentials();
  readonly directory = mkdtempSync(join(tmpdir(), "berth-services-"));
  readonly #random = seededRandom("task-logs");
  #running: { readonly runtime: RuntimeWorld; readonly services: TaskServices } | null = null;

  private constructor(host: DockerHost, aws: SmallAws) {
    this.host = host;
    this.aws = aws;
    this.cluster = `services-${host.tag}`;
    this.taskArn = `arn:aws:ecs:us-east-1:123456789012:task/${this.cluster}/0123`;
  }

  static async open(context: TestContext): Promise<ServicesWorld> {
    const world = new ServicesWorld(await DockerHost.open(), await SmallAws.open());
    world.aws.groups.set("g", new Map());
    context.after(async () => {
      await world.stop();
      world.pool.close();
      await world.aws.close();
      await world.host.close();
      rmSync(world.directory, { recursive: true });
    });
    return world;
  }

  /** An agent's runtime with its services: the first, or the one after a restart. */
  async start(
    settings: Partial<TaskServicesSettings> = {},
    options: (services: TaskServices) => Partial<DockerRuntimeOptions> = () => ({}),
  ): Promise<RuntimeWorld> {
    const services = await TaskServices.open(
      {
        endpoints: () => this.aws.endpoints(),
        pool: this.pool,
        own: { accessKeyId: "AGENT", secretAccessKey: "s", sessionToken: null },
        bucketDir: null,
        efsDir: null,
        assumeWith: null,
        clock: systemClock,
        random: this.#random.stream("services"),
        log: () => {},
        credentials: this.credentials,
        ...settings,
      },
      join(this.directory, "logs.json"),
    );
    const runtime = new RuntimeWorld("", this.cluster, { services, ...options(services) });
    this.#running = { runtime, services };
    return runtime;
  }

  async stop(): Promise<void> {
    const { runtime, services } = this.#running ?? {};
    this.#running = null;
    runtime?.close();
    await services?.close();
  }

  /** A container that runs a script of the shell. */
  spec(script: string, more: Partial<PayloadContainer> = {}): PayloadContainer {
    return { name: "app", image: this.host.image, command: ["sh", "-c", script], memory: 64, ...more };
  }
}
