import type { PayloadTask } from "../agent-protocol/to-agent/payload.ts";

/** LIMIT: orders remembered of one agent, several times what a host runs; a forgotten order only goes out once more. */
const ordersMax = 10_000;

/** The orders that an agent's process has acknowledged, over all of its connections. It needs each only once. */
export class AcknowledgedOrders {
  /** The last acknowledged desired status, by task ARN, oldest first. */
  readonly #orders = new Map<string, PayloadTask["desiredStatus"]>();

  note(tasks: readonly PayloadTask[]): void {
    for (const { arn, desiredStatus } of tasks) {
      this.#orders.delete(arn);
      this.#orders.set(arn, desiredStatus);
    }
    for (const arn of this.#orders.keys()) {
      if (this.#orders.size <= ordersMax) return;
      this.#orders.delete(arn);
    }
  }

  has(arn: string, desiredStatus: PayloadTask["desiredStatus"]): boolean {
    return this.#orders.get(arn) === desiredStatus;
  }

  /** Forgets the tasks that are not in `arns`, which lists all that belong on the instance. */
  keepOnly(arns: ReadonlySet<string>): void {
    for (const arn of this.#orders.keys()) if (!arns.has(arn)) this.#orders.delete(arn);
  }

  clear(): void {
    this.#orders.clear();
  }
}
