import type { ServiceEvent } from "../../ecs/documents/service.ts";
import { type ServiceCondition, serviceConditionKind } from "../../ecs/documents/service-condition.ts";
import { ecsTimeline } from "../../ecs/timeline.ts";
import type { Kept } from "../durable-state.ts";
import type { Call, Checker, Violate } from "./checker.ts";

const rule = "what blocks a service is reported once while it lasts, and again each six hours";

/**
 * LIMIT: what blocks a service may change with every task that comes and goes; nobody reads more news than this in ten minutes.
 */
const newsMax = 40;
const newsWithinMs = 600_000;

type Told = { readonly text: string; readonly at: number };

/**
 * Events of services that say why something cannot be done. A change of the closest container instance is not news. If anything
 * else is reported, or nothing blocks the service any more, or the service is updated, each event may come again.
 */
export class RepeatedEventsChecker implements Checker {
  readonly #violate: Violate;
  /** Per partition and service, the last such event, unless something else happened since. */
  readonly #told = new Map<string, Told>();
  /** The services that calls under way change. Nobody knows in which append that happens. */
  readonly #underWay = new Map<number, string>();
  /** Per partition and service, when an event reported that something blocks it. */
  readonly #times = new Map<string, number[]>();

  constructor(violate: Violate) {
    this.#violate = violate;
  }

  callStarted({ id, operation, request }: Call): void {
    if (!/^(Create|Update|Delete)Service$/.test(operation)) return;
    this.#underWay.set(id, nameIn(request));
    this.#forget(nameIn(request));
  }

  callEnded({ id }: Call): void {
    const name = this.#underWay.get(id);
    this.#underWay.delete(id);
    if (name !== undefined) this.#forget(name);
  }

  kept({ partition, documents }: Kept): void {
    for (const { kind, before, after } of documents) {
      if (kind !== "service-event" || before !== null || after === null) continue;
      const { serviceName, message, createdAt } = after as ServiceEvent;
      const key = `${partition.name} ${serviceName}`;
      if (!/ (?:was|is) unable /.test(message)) {
        this.#told.delete(key);
        continue;
      }
      const text = message.replace(/\(container-instance \w+\)/, "");
      const last = this.#told.get(key);
      const impediment = partition.condition(serviceName)?.impediment;
      // One append may contain both that the reason went away and that it came back.
      const isChanging = [...this.#underWay.values()].includes(serviceName);
      const lasts = impediment != null && impediment.since < createdAt && !isChanging;
      if (lasts && last !== undefined && last.text === text && createdAt < last.at + ecsTimeline.serviceEventRepeatMs) {
        this.#violate(rule, `${key} was reported at ${last.at} and at ${createdAt}: ${message}`);
      }
      this.#told.set(key, { text, at: createdAt });
      const times = [...(this.#times.get(key) ?? []), createdAt].filter((at) => at > createdAt - newsWithinMs);
      this.#times.set(key, times);
      if (times.length > newsMax)
        this.#violate(rule, `${key} was reported ${times.length} times in ten minutes: ${message}`);
    }
    for (const { kind, key, after } of documents) {
      if (kind === serviceConditionKind.name && (after as ServiceCondition | null)?.impediment == null) {
        this.#told.delete(`${partition.name} ${key}`);
      }
    }
  }

  #forget(name: string): void {
    for (const key of this.#told.keys()) if (key.endsWith(` ${name}`)) this.#told.delete(key);
  }
}

function nameIn({ service, serviceName }: Call["request"]): string {
  const reference = String(service ?? serviceName);
  return reference.slice(reference.lastIndexOf("/") + 1);
}
