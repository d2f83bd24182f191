/** The legal calls of ECS's and Berth's APIs that hold a server longest, and the cluster that makes them expensive. */
import { signedRequest } from "./signed-request.ts";

export type World = {
  readonly key: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly instanceArns: readonly string[];
  readonly taskArns: readonly string[];
};

export type DearCall = {
  readonly name: string;
  /** Concurrent callers, each with one call at a time. */
  readonly connections: number;
  readonly make: (world: World, at: number) => { readonly operation: string; readonly body: object };
};

/** Matches that nothing cuts short, over values that differ between instances. `at` makes each expression a new one. */
const hardPattern = (at: number, states: number): string => `attribute:hard =~ .*a.{${states - 5 - (at % 7)}}b.*${at}`;

const memberOf = (expression: string) => ({ type: "memberOf", expression });
const constraints = (at: number, count: number) =>
  Array.from({ length: count }, (_, n) => memberOf(`not(${hardPattern(at * count + n, 118)})`));

/** The longest list of comparisons, none of which holds. */
const manyPredicates = (at: number): string =>
  Array.from({ length: 280 }, (_, n) => `attribute:a${n} == ${at}`).join(" or ");

const noTask = { taskDefinition: "fair" } as const;

export const dearCalls: readonly DearCall[] = [
  {
    name: "RunTask, 8 constraints of large patterns",
    connections: 4,
    make: (_, at) => ({ operation: "RunTask", body: { ...noTask, placementConstraints: constraints(at, 8) } }),
  },
  {
    name: "RunTask, 10 constraints of maximal patterns",
    connections: 4,
    make: (_, at) => ({
      operation: "RunTask",
      body: {
        ...noTask,
        placementConstraints: Array.from({ length: 10 }, (_each, n) =>
          memberOf(`not(${hardPattern(at * 10 + n, 118)} or ${hardPattern(at * 10 + n + 1, 118)})`),
        ),
      },
    }),
  },
  {
    name: "ListContainerInstances, a filter of large patterns",
    connections: 4,
    make: (_, at) => ({ operation: "ListContainerInstances", body: { filter: hardPattern(at, 120) } }),
  },
  {
    name: "ListContainerInstances, 280 predicates",
    connections: 4,
    make: (_, at) => ({ operation: "ListContainerInstances", body: { filter: manyPredicates(at) } }),
  },
  {
    name: "ExplainPlacement of 1,000 tasks",
    connections: 4,
    make: () => ({
      operation: "BerthV1.ExplainPlacement",
      body: {
        ...noTask,
        count: 1_000,
        placementStrategy: [
          { type: "spread", field: "attribute:hard" },
          { type: "spread", field: "attribute:ecs.availability-zone" },
        ],
      },
    }),
  },
  {
    name: "ExplainPlacement, 560 predicates that fail",
    connections: 4,
    make: (_, at) => ({
      operation: "BerthV1.ExplainPlacement",
      body: {
        ...noTask,
        placementConstraints: [memberOf(manyPredicates(2 * at)), memberOf(manyPredicates(2 * at + 1))],
      },
    }),
  },
  {
    name: "PlanDrain of 100 instances",
    connections: 4,
    make: ({ instanceArns }, at) => {
      const begin = (at * 100) % Math.max(1, instanceArns.length - 100);
      return { operation: "BerthV1.PlanDrain", body: { containerInstances: instanceArns.slice(begin, begin + 100) } };
    },
  },
  {
    name: "ListTasks that finds none",
    connections: 8,
    make: () => ({ operation: "ListTasks", body: { family: "none" } }),
  },
  {
    name: "DescribeTasks of 100",
    connections: 64,
    make: ({ taskArns }) => ({ operation: "DescribeTasks", body: { tasks: taskArns, include: ["TAGS"] } }),
  },
  {
    name: "DescribeContainerInstances of 100",
    connections: 64,
    make: ({ instanceArns }) => ({
      operation: "DescribeContainerInstances",
      body: { containerInstances: instanceArns.slice(0, 100), include: ["TAGS", "CONTAINER_INSTANCE_HEALTH"] },
    }),
  },
  {
    name: "RegisterTaskDefinition of 60 KB",
    connections: 64,
    make: (_, at) => ({
      operation: "RegisterTaskDefinition",
      body: {
        family: `large-${at % 500}`,
        containerDefinitions: [
          { name: "main", image: "nginx", memory: 6, environment: [{ name: "LARGE", value: "x".repeat(60_000) }] },
        ],
      },
    }),
  },
  {
    name: "RunTask of 10, a flood",
    connections: 128,
    make: () => ({ operation: "RunTask", body: { ...noTask, count: 10 } }),
  },
];

/**
 * Fills the cluster `default` of a server that simulates its instances: different attribute values everywhere, a service with a
 * tenth of the tasks, and other tasks up to `tasks`.
 */
export async function makeWorld(port: number, key: World["key"], tasks: number): Promise<World> {
  const call = async <T>(operation: string, body: object): Promise<T> => {
    const text = (await signedRequest(port, operation, body, key)).toString("utf8");
    const [head = "", content = ""] = text.split("\r\n\r\n");
    const headers = head
      .split("\r\n")
      .slice(1)
      .map((line): [string, string] => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)])
      .filter(([name]) => name !== "host" && name !== "content-length");
    const response = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", headers, body: content });
    const answer = await response.text();
    if (!response.ok) throw new Error(`${operation}: ${answer.slice(0, 300)}`);
    return JSON.parse(answer) as T;
  };
  const instanceArns: string[] = [];
  for (let nextToken: string | null = null; ; ) {
    const page: { containerInstanceArns: string[]; nextToken?: string } = await call(
      "ListContainerInstances",
      nextToken === null ? {} : { nextToken },
    );
    instanceArns.push(...page.containerInstanceArns);
    if (page.nextToken === undefined) break;
    nextToken = page.nextToken;
  }
  const value = (at: number): string =>
    Array.from({ length: 128 }, (_, n) =>
      ((Math.imul(at + 1, 40_503) >>> (n % 29)) + Math.imul(n, at)) & 1 ? "a" : "b",
    ).join("");
  for (const [at, targetId] of instanceArns.entries()) {
    await call("PutAttributes", { attributes: [{ name: "hard", value: value(at), targetId }] });
  }
  await call("RegisterTaskDefinition", {
    family: "fair",
    containerDefinitions: [{ name: "main", image: "nginx", cpu: 0, memory: 6 }],
  });
  await call("CreateService", { serviceName: "fair", taskDefinition: "fair", desiredCount: Math.floor(tasks / 10) });
  let started = Math.floor(tasks / 10);
  const starter = async (): Promise<void> => {
    while (started < tasks) {
      started += 10;
      await call("RunTask", { taskDefinition: "fair", count: 10 });
    }
  };
  await Promise.all(Array.from({ length: 8 }, starter));
  for (;;) {
    const { services } = await call<{ services: { runningCount: number; desiredCount: number }[] }>(
      "DescribeServices",
      {
        services: ["fair"],
      },
    );
    if (services[0] !== undefined && services[0].runningCount >= services[0].desiredCount) break;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  const { taskArns } = await call<{ taskArns: string[] }>("ListTasks", {});
  return { key, instanceArns, taskArns };
}
