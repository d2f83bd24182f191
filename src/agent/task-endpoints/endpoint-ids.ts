import { createHmac } from "node:crypto";
import type { Asker, EndpointSources } from "./endpoint-sources.ts";

/**
 * The ids in containers' endpoint paths. They are derived from a secret, so they need not be stored, no container can guess
 * another's, and those of running containers stay valid when the agent restarts.
 */
export class EndpointIds {
  readonly #secret: string;
  readonly #tasks: EndpointSources["tasks"];
  /** Id -> task and container. Rebuilt when an id is missing. */
  #known = new Map<string, { readonly taskArn: string; readonly container: string }>();

  constructor(secret: string, tasks: EndpointSources["tasks"]) {
    this.#secret = secret;
    this.#tasks = tasks;
  }

  idOf(taskArn: string, container: string): string {
    return createHmac("sha256", this.#secret).update(`${taskArn}\n${container}`).digest("hex").slice(0, 32);
  }

  /** The container that got `id`, or null if no container of a known task did. */
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
