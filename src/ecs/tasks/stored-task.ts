import type { Task } from "./task.ts";

/** A stored task as it is today: documents of before Fargate have neither a capacity provider nor a platform version. */
export const storedTask = (document: object): Task =>
  ({ capacityProviderName: null, platformVersion: null, ...document }) as Task;
