/* Test support: a service world with the calls of drains. */

import type { Task } from "../documents/task.ts";
import { images, ServiceWorld, withImage } from "../services/service-world.ts";
import type { DescribeDrainRequest } from "./describe-drain.ts";
import type { DrainProgress, DrainsReply } from "./drain-progress.ts";
import type { PlanDrainReply } from "./plan-drain.ts";

export class DrainWorld extends ServiceWorld {
  /** A steady service `web` with its percentages, on the existing instances. */
  steady(desiredCount: number, minimumHealthyPercent = 100, maximumPercent = 200, request: object = {}): void {
    const deploymentConfiguration = { minimumHealthyPercent, maximumPercent };
    const service = this.aService({ desiredCount, deploymentConfiguration, ...request }, withImage(images.healthy));
    this.untilSteady(service.name);
  }

  drain(...indexes: number[]): void {
    this.startDrain({}, ...indexes);
  }

  startDrain(more: object, ...indexes: number[]): DrainsReply {
    return this.call<DrainsReply>("StartDrain", { containerInstances: this.#ids(indexes), ...more }).value;
  }

  cancelDrain(...indexes: number[]): object {
    return this.call("CancelDrain", { containerInstances: this.#ids(indexes) }).value;
  }

  describeDrain(request: DescribeDrainRequest = {}): DrainProgress[] {
    return [...this.call<DrainsReply>("DescribeDrain", request).value.drains];
  }

  plan(...indexes: number[]): PlanDrainReply {
    return this.call<PlanDrainReply>("PlanDrain", { containerInstances: this.#ids(indexes) }).value;
  }

  /** The tasks on an instance that hold resources. */
  on(index: number): Task[] {
    return [...this.usage(index).taskIds].sort().map((id) => this.task(id));
  }

  #ids(indexes: readonly number[]): string[] {
    return indexes.map((index) => this.instanceId(index));
  }
}
