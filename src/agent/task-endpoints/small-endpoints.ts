/* For tests: endpoints of one task with two containers, whose ECS and Docker give the test's answers. */
import { VirtualClock } from "../../lib/virtual-clock.ts";
import type { TaskSurroundings } from "../container-runtime.ts";
import type { DockerContainer, DockerStats } from "../docker/engine/docker-answers.ts";
import type { EngineContainer, EngineTask } from "../engine/engine-state.ts";
import { newTask } from "../engine/engine-task.ts";
import { TaskCredentials } from "../task-credentials.ts";
import { EndpointIds } from "./endpoint-ids.ts";
import { EndpointRoutes } from "./endpoint-routes.ts";
import type { EndpointAnswer, EndpointSources } from "./endpoint-sources.ts";

export const taskArn = "arn:aws:ecs:us-east-1:123456789012:task/lab/00112233445566778899aabbccddeeff";
const startMs = Date.UTC(2030, 0, 2, 3, 4, 5);

export class SmallEndpoints {
  readonly clock = new VirtualClock(startMs);
  readonly credentials = new TaskCredentials();
  readonly calls: { readonly as: string; readonly operation: string; readonly request: object }[] = [];
  readonly inspected: string[] = [];
  /** ECS's answer to the next calls. */
  reply: (operation: string) => Promise<object> = () => Promise.resolve({});
  inspect: Partial<DockerContainer> = {};
  stats: (id: string) => DockerStats = () => ({});
  readonly task: EngineTask;
  readonly ids: EndpointIds;
  readonly #routes: EndpointRoutes;

  constructor(task: Partial<TaskSurroundings> = {}, app: Partial<EngineContainer["spec"]> = {}) {
    const specs = [
      { name: "app", image: "web:1", cpu: 128, memory: 64, ...app },
      { name: "log", image: "log:1" },
    ];
    const order = { arn: taskArn, desiredStatus: "RUNNING", family: "web", version: "7" } as const;
    const made = newTask(order, specs, null, startMs);
    this.task = { ...made, surroundings: { ...made.surroundings, ...task } };
    const ids = new EndpointIds("a secret", () => [this.task]);
    this.ids = ids;
    this.#routes = new EndpointRoutes(this.#sources(), ids);
  }

  get app(): EngineContainer {
    return this.task.containers[0] as EngineContainer;
  }

  /** Starts the first container, as `docker-1`. */
  runs(): this {
    Object.assign(this.app, { phase: "running", runtimeId: "docker-1" });
    return this;
  }

  get(path: string): Promise<EndpointAnswer> {
    return this.#routes.answer("GET", path, "");
  }

  put(path: string, body: string): Promise<EndpointAnswer> {
    return this.#routes.answer("PUT", path, body);
  }

  /** GET below the app's path of version 4. */
  async read(what: string): Promise<Readonly<Record<string, unknown>>> {
    const { body } = await this.get(`/v4/${this.ids.idOf(taskArn, "app")}${what}`);
    return body as Readonly<Record<string, unknown>>;
  }

  #sources(): EndpointSources {
    const apiOf = (as: string): EndpointSources["api"] => ({
      call: (operation, request) => {
        this.calls.push({ as, operation, request });
        return this.reply(operation);
      },
    });
    return {
      clock: this.clock,
      log: () => {},
      docker: {
        address: "unix:///nowhere",
        inspectContainer: (id) => {
          this.inspected.push(id);
          return Promise.resolve({ Id: id, ...this.inspect });
        },
        inspectNetwork: (id) => Promise.resolve({ Id: id }),
        statsOf: (id) => Promise.resolve(this.stats(id)),
      },
      tasks: () => [this.task],
      credentials: this.credentials,
      api: apiOf("agent"),
      apiAs: (role) => apiOf(role.accessKeyId ?? ""),
      cluster: "lab",
      containerInstanceArn: () => "arn:instance",
      availabilityZone: "us-east-1a",
    };
  }
}
