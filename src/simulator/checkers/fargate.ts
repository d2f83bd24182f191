import type { Task } from "../../ecs/documents/task.ts";
import type { Kept } from "../durable-state.ts";
import type { Call, Checker, Outcome, Violate } from "./checker.ts";

const rule = "nobody sees the hosts of Fargate";

type Json = Readonly<Record<string, unknown>>;

/** Tasks on Fargate are on managed hosts, others are not. No answer and no event mentions those hosts. */
export class FargateChecker implements Checker {
  readonly #violate: Violate;

  constructor(violate: Violate) {
    this.#violate = violate;
  }

  kept({ partition, documents, events }: Kept): void {
    for (const { kind, after } of documents) {
      if (kind !== "task" || after === null) continue;
      const { arn, launchType, instanceId } = after as Task;
      const isManaged = instanceId?.startsWith("managed-") === true;
      if (isManaged !== (launchType === "FARGATE")) this.#violate(rule, `${arn} of ${launchType} is on ${instanceId}`);
      if (instanceId !== null && isManaged && partition.instance(instanceId) !== null) {
        this.#violate(rule, `${instanceId} is a container instance`);
      }
    }
    for (const event of events) this.#look(`event ${event.sequence} of ${partition.name}`, event);
  }

  callEnded({ operation, request }: Call, outcome: Outcome): void {
    // A caller that names such a host gets an error about the name, as for any other unknown one.
    if (outcome.type !== "reply" || namesHost(request)) return;
    this.#look(operation, outcome.reply);
  }

  #look(what: string, shown: Json | object): void {
    if (namesHost(shown)) this.#violate(rule, `${what} says ${JSON.stringify(shown)}`);
  }
}

const namesHost = (value: object): boolean => /managed-[0-9a-f]{32}/.test(JSON.stringify(value));
