import type { Waiting } from "../waiting.ts";
import type { DockerEvent } from "./docker-answers.ts";
import type { DockerEngine, DockerFilters } from "./docker-engine.ts";

export type DockerEventFeedOptions = {
  readonly docker: DockerEngine;
  readonly waiting: Waiting;
  readonly filters: DockerFilters;
  readonly onEvent: (event: DockerEvent) => void;
  /** The stream is open (again). It does not contain what happened before. */
  readonly onOpen: () => void;
  readonly onLost: (error: unknown) => void;
};

/** LIMIT: a stream that an engine ends at once is not requested again in the same moment. */
const delays = { firstMs: 100, factor: 2, lastMs: 5_000 };

/** Follows the engine's events while the agent runs, reconnecting as often as needed. */
export async function followDockerEvents(options: DockerEventFeedOptions): Promise<void> {
  const { docker, waiting, filters } = options;
  let delayMs = delays.firstMs;
  while (!waiting.signal.aborted) {
    let failure: unknown = null;
    try {
      for await (const event of docker.events(filters, null, { signal: waiting.signal })) {
        if (event === null) options.onOpen();
        else {
          delayMs = delays.firstMs;
          options.onEvent(event);
        }
      }
    } catch (error) {
      failure = error;
    }
    if (waiting.signal.aborted) return;
    options.onLost(failure);
    try {
      await waiting.pause(delayMs);
    } catch {
      return;
    }
    delayMs = Math.min(delayMs * delays.factor, delays.lastMs);
  }
}
