import { createHmac } from "node:crypto";
import type { Asker, EndpointSources } from "./endpoint-sources.ts";

/**
 * The ids in the paths that containers are given. They follow from a secret, so that they need not be kept, no container can tell
 * another's, and those of containers that run stay right when the agent starts again.
 */
export class EndpointIds {
  readonly #secret: string;
  readonly #tasks: EndpointSources["tasks"];
  /** Id -> task and container; made anew when an id is not in it. */
  #known = new Map<string, { readonly taskArn: string; readonly container: string }>();

  constructor(secret: string, tasks: EndpointSources["tasks"]) {
    this.#secret = secret;
    this.#tasks = tasks;
  }

  idOf(taskArn: string, container: string): string {
    return createHmac("sha256", this.#secret).update(`${taskArn}\n${container}`).digest("hex").slice(0, 32);
  }

  /** Who was given `id`, or null when no container of a task that is known was. */
  find(id: string): Asker | null {
    if (!/^[0-9a-f]{32}$/.test(id)) return null;
    if (!this.#known.has(id)) this.#learn();
    const known = this.#known.get(id);
    if (known === undefined) return null;
    for (const task of this.#tasks()) {
      if (task.arn !== known.taskArn) continue;
      const container = task.containers.find(({ spec }) => spec.name === known.container);
      return container === undefined ? null : { task, container };
    }
    return null;
  }

  #learn(): void {
    const known = new Map<string, { readonly taskArn: string; readonly container: string }>();
    for (const task of this.#tasks()) {
      for (const { spec } of task.containers) {
        known.set(this.idOf(task.arn, spec.name), { taskArn: task.arn, container: spec.name });
      }
    }
    this.#known = known;
  }
}
