/**
 * Services at the size of a large cluster, in a `berth dev` that keeps every append: one scaled from 0 to 10,000 tasks on 1,000
 * simulated hosts, a drain of 100 of them, a rolling deployment; and the cost of 5,000 idle services.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Figure } from "./figure.ts";
import { printFigures } from "./figure.ts";
import { ServiceBench } from "./service-bench.ts";
import { virtualServiceFigures } from "./services-in-virtual-time.ts";

const hosts = 1_000;
const drained = 100;
const tasks = 10_000;
const service = "web";

/** Time for users is scaled: at ECS's own pace, most of the time would be the 40 s until a task counts as healthy. */
const timeScale = 20;

const steadyServices = 5_000;
const steadyHosts = 500;
const steadyMs = 30_000;

export async function serviceFigures(): Promise<Figure[]> {
  const figures = await lifeOfOneService(timeScale);
  return [...figures, ...(await virtualServiceFigures({ hosts, drained, tasks })), ...(await manySteadyServices())];
}

/** From nothing to 10,000 tasks, a drain, a deployment. */
export async function lifeOfOneService(scale: number): Promise<Figure[]> {
  const bench = await ServiceBench.open(hosts, scale);
  try {
    const { ecs } = bench;
    await bench.registerTaskDefinition();
    await ecs.createService({ serviceName: service, taskDefinition: bench.family, desiredCount: 0 });
    const figures: Figure[] = [];
    const watch = { service, tasks };
    const what = `time-scale ${scale}: `;
    await bench.untilRolledOut(service, 0);

    figures.push(
      ...(await bench.phase(`${what}0 to ${tasks} tasks RUNNING`, tasks, watch, async () => {
        await ecs.updateService({ service, desiredCount: tasks });
        await bench.untilRunning(service, tasks);
      })),
    );
    await bench.untilSteady(service);

    const arns = bench.instances.slice(0, drained);
    const moved = await bench.tasksOn(arns);
    figures.push(
      ...(await bench.phase(`${what}${drained} hosts drained, ${moved} tasks moved`, moved, watch, async () => {
        await bench.setStatus(arns, "DRAINING");
        await bench.untilEmpty(arns);
      })),
    );
    await bench.untilSteady(service);
    await bench.setStatus(arns, "ACTIVE");

    figures.push(
      ...(await bench.phase(`${what}rolling deployment of ${tasks}`, tasks, watch, async () => {
        await bench.registerTaskDefinition();
        await ecs.updateService({ service, taskDefinition: bench.family });
        await bench.untilRolledOut(service, tasks);
      })),
    );
    return figures;
  } finally {
    await bench.close();
  }
}

/** The cost of services that have all that they want, compared with the same hosts without services. */
async function manySteadyServices(): Promise<Figure[]> {
  const bench = await ServiceBench.open(steadyHosts, 1);
  try {
    await bench.registerTaskDefinition();
    await sleep(5_000);
    const idle = await bench.cost(steadyMs);
    const begin = performance.now();
    await bench.inParallel(steadyServices, (at) =>
      bench.ecs.createService({ serviceName: `service-${at}`, taskDefinition: bench.family, desiredCount: 2 }),
    );
    const created = (performance.now() - begin) / 1_000;
    for (let at = 0; at < steadyServices; at += steadyServices / 10) await bench.untilSteady(`service-${at}`);
    await bench.untilSteady(`service-${steadyServices - 1}`);
    const settled = (performance.now() - begin) / 1_000;
    await sleep(5_000);
    const steady = await bench.cost(steadyMs);
    const name = `${steadyServices} steady services of 2 tasks on ${steadyHosts} hosts`;
    return [
      {
        name: `${name}: CPU, of one core`,
        value: steady.cpu * 100,
        unit: "%",
        beside: `the same hosts without services ${(idle.cpu * 100).toFixed(1)} %`,
      },
      {
        name: `${name}: memory in all`,
        value: steady.memoryMiB,
        unit: "MiB",
        beside: `without services ${idle.memoryMiB.toFixed(0)} MiB`,
      },
      {
        name: `${name}: CreateService`,
        value: steadyServices / created,
        unit: "/s",
        beside: `all steady after ${settled.toFixed(0)} s`,
      },
    ];
  } finally {
    await bench.close();
  }
}

if (import.meta.main) {
  const [what = "all", scale = String(timeScale)] = process.argv.slice(2);
  if (what === "life") printFigures(await lifeOfOneService(Number(scale)));
  else if (what === "steady") printFigures(await manySteadyServices());
  else if (what === "virtual") printFigures(await virtualServiceFigures({ hosts, drained, tasks }));
  else printFigures(await serviceFigures());
}
