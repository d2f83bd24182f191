import { must } from "../../lib/assert.ts";
import { containerInstanceEventDetail } from "../container-instances/container-instance-event.ts";
import type { ContainerInstance } from "../documents/container-instance.ts";
import type { EcsEvent } from "../events/event.ts";
import { limits } from "../limits.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { taskEventDetail } from "../tasks/task-event.ts";

/** The events of a step, one for each announcement, in order and numbered from `lastSequence` + 1. */
export function eventsOf(step: ClusterStep, lastSequence: number): EcsEvent[] {
  let sequence = lastSequence;
  const ids = step.random("event-id");
  return [...step.announced].map(([id, noun]) => {
    sequence += 1;
    const base = { sequence, id: ids.uuid(), account: step.place.account, region: step.place.region, time: step.now };
    if (noun === "task") {
      const task = must(step.state.tasks.get(id), "an announced task");
      const detail = taskEventDetail(step.state, step.now, task);
      return { ...base, detailType: "ECS Task State Change", resources: [task.arn], detail };
    }
    if (typeof noun === "object") return { ...base, ...noun };
    const instance = must(step.state.instances.get(id), "an announced container instance");
    const earlier = attributesIn(step, instance, sequence);
    const detail = containerInstanceEventDetail(step.state, step.now, instance, {
      attributes: earlier === null,
    });
    const event = {
      ...base,
      detailType: "ECS Container Instance State Change",
      resources: [instance.arn],
      detail,
    } as const;
    return earlier === null ? event : { ...event, attributesIn: earlier };
  });
}

/** The earlier event with the attributes of `instance`, or null if the event of `sequence` must carry them. */
function attributesIn({ state }: ClusterStep, instance: ContainerInstance, sequence: number): number | null {
  const { platformAttributes, customAttributes } = instance;
  const known = state.attributesAnnounced.get(instance.id);
  if (
    known !== undefined &&
    known.platformAttributes === platformAttributes &&
    known.customAttributes === customAttributes &&
    sequence - known.sequence < limits.eventAttributesReach
  ) {
    return known.sequence;
  }
  state.attributesAnnounced.set(instance.id, { platformAttributes, customAttributes, sequence });
  return null;
}
