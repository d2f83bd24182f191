import type { Task } from "./task.ts";

/**
 * A stored task as it is today: documents of before Fargate have neither a capacity provider nor a platform version, those of
 * before the scheduler reserve no resources of users' own and wait for nothing.
 */
export function storedTask(document: object): Task {
  const task = { capacityProviderName: null, platformVersion: null, waitingFor: null, ...document } as Task;
  const { resources } = (task.reservation ?? {}) as Partial<Task["reservation"]>;
  return resources === undefined ? { ...task, reservation: { ...task.reservation, resources: [] } } : task;
}
