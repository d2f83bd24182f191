/** Which containers a word means, and where each of them logs to. */
import type { ApiClient } from "../api-client.ts";
import { CallFailedError } from "../call-failed-error.ts";
import { idOf } from "../text-table.ts";

/** A container whose output is in a log stream. */
export type LoggedContainer = {
  readonly taskId: string;
  readonly container: string;
  readonly group: string;
  readonly stream: string;
  /** Null for the region of the call. */
  readonly region: string | null;
};

/** A container whose output is somewhere else, and what to do. */
export type OtherContainer = { readonly taskId: string; readonly container: string; readonly advice: string };

export type FoundContainers = {
  readonly logged: readonly LoggedContainer[];
  readonly others: readonly OtherContainer[];
  /** Whether there are tasks that may still write, or may come. */
  readonly mayGoOn: boolean;
};

type Container = { readonly name: string; readonly runtimeId?: string };
type Task = {
  readonly taskArn: string;
  readonly taskDefinitionArn: string;
  readonly lastStatus: string;
  readonly createdAt?: number;
  readonly containers?: readonly Container[];
};
type LogConfiguration = { readonly logDriver: string; readonly options?: Readonly<Record<string, string>> };
type Definition = {
  readonly containerDefinitions: readonly { readonly name: string; readonly logConfiguration?: LogConfiguration }[];
};

/** LIMIT: the newest tasks of a service or family. Each stream is a call a second while it is followed. */
const tasksMax = 50;
/** AWS: what DescribeTasks accepts and ListTasks returns at once. */
const perCall = 100;

/** Finds the containers of a task, a service or a task definition family, each time it is asked. */
export class LogFinder {
  readonly #api: ApiClient;
  readonly #cluster: { readonly cluster?: string };
  readonly #word: string;
  readonly #container: string | null;
  readonly #definitions = new Map<string, Definition>();

  /** `word` is a task's id or ARN, or the name of a service or family. `container` is the only one that is wanted. */
  constructor(
    api: ApiClient,
    { word, cluster, container }: { word: string; cluster: { readonly cluster?: string }; container: string | null },
  ) {
    this.#api = api;
    this.#cluster = cluster;
    this.#word = word;
    this.#container = container;
  }

  /** Rejects with CallFailedError, which says what to try, if there is nothing of that name. */
  async find(): Promise<FoundContainers> {
    const isTask = this.#word.startsWith("arn:") || /^[0-9a-f]{32}$/.test(this.#word);
    const tasks = isTask ? await this.#describe([this.#word]) : await this.#tasksOfName();
    if (tasks.length === 0) throw this.#nothing();
    const logged: LoggedContainer[] = [];
    const others: OtherContainer[] = [];
    for (const task of tasks) {
      const definition = await this.#definition(task.taskDefinitionArn);
      for (const { name, logConfiguration } of definition.containerDefinitions) {
        if (this.#container !== null && name !== this.#container) continue;
        const found = placeOf(task, name, logConfiguration);
        if ("advice" in found) others.push(found);
        else logged.push(found);
      }
    }
    if (logged.length === 0 && others.length === 0) throw await this.#noContainer(tasks);
    return { logged, others, mayGoOn: !isTask || tasks.some(({ lastStatus }) => lastStatus !== "STOPPED") };
  }

  async #tasksOfName(): Promise<readonly Task[]> {
    const ofService = await this.#list({ serviceName: this.#word }, true);
    const arns = ofService.length > 0 ? ofService : await this.#list({ family: this.#word }, false);
    const tasks: Task[] = [];
    for (let at = 0; at < arns.length; at += perCall)
      tasks.push(...(await this.#describe(arns.slice(at, at + perCall))));
    return tasks.sort((a, b) => (b.createdAt ?? 0) - (a.createdAt ?? 0)).slice(0, tasksMax);
  }

  async #list(filter: object, mayMiss: boolean): Promise<string[]> {
    const arns: string[] = [];
    for (const desiredStatus of ["RUNNING", "STOPPED"]) {
      try {
        const reply = await this.#api.ecs("ListTasks", {
          ...this.#cluster,
          ...filter,
          desiredStatus,
          maxResults: perCall,
        });
        arns.push(...(reply as { readonly taskArns: readonly string[] }).taskArns);
      } catch (error) {
        if (!mayMiss || !(error instanceof CallFailedError) || !/ServiceNotFoundException/.test(error.message))
          throw error;
      }
    }
    return arns;
  }

  async #describe(tasks: readonly string[]): Promise<readonly Task[]> {
    const reply = await this.#api.ecs("DescribeTasks", { ...this.#cluster, tasks });
    return (reply as { readonly tasks: readonly Task[] }).tasks;
  }

  async #definition(taskDefinition: string): Promise<Definition> {
    const known = this.#definitions.get(taskDefinition);
    if (known !== undefined) return known;
    const reply = await this.#api.ecs("DescribeTaskDefinition", { taskDefinition });
    const { taskDefinition: definition } = reply as { readonly taskDefinition: Definition };
    this.#definitions.set(taskDefinition, definition);
    return definition;
  }

  #nothing(): CallFailedError {
    const { cluster = "default" } = this.#cluster;
    const text = `The cluster ${idOf(cluster)} has no task ${this.#word}, and no tasks of a service or task definition family of that name. Stopped tasks are listed for an hour. \`aws ecs list-tasks\` and \`aws ecs list-services\` show what there is; --cluster NAME chooses another cluster.`;
    return new CallFailedError(text, { mayPass: true });
  }

  async #noContainer(tasks: readonly Task[]): Promise<CallFailedError> {
    const definitions = await Promise.all(tasks.map(({ taskDefinitionArn }) => this.#definition(taskDefinitionArn)));
    const names = new Set(
      definitions.flatMap(({ containerDefinitions }) => containerDefinitions.map(({ name }) => name)),
    );
    const text = `No task of ${this.#word} has a container ${this.#container}. There are: ${[...names].join(", ")}.`;
    return new CallFailedError(text, { mayPass: false });
  }
}

function placeOf(
  task: Task,
  container: string,
  configuration: LogConfiguration | undefined,
): LoggedContainer | OtherContainer {
  const taskId = idOf(task.taskArn);
  const { logDriver = "json-file", options = {} } = configuration ?? {};
  const group = options["awslogs-group"];
  if (logDriver !== "awslogs" || group === undefined) {
    const what = configuration === undefined ? "no log driver in the task definition" : `the log driver ${logDriver}`;
    const advice = `${container} has ${what}, so its output is not in CloudWatch Logs. On its host, \`docker logs\` may show it; for \`berth logs\`, register the task definition with awslogs.`;
    return { taskId, container, advice };
  }
  const prefix = options["awslogs-stream-prefix"];
  // AWS: without a prefix, Docker calls the stream by the container's id.
  const runtimeId = task.containers?.find(({ name }) => name === container)?.runtimeId;
  const stream = prefix === undefined ? (options["awslogs-stream"] ?? runtimeId) : `${prefix}/${container}/${taskId}`;
  if (stream === undefined)
    return { taskId, container, advice: `${container} has not started, so it has no log stream yet.` };
  return { taskId, container, group, stream, region: options["awslogs-region"] ?? null };
}
