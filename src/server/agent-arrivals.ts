import type { SessionsControlPlane } from "../agent-sessions/agent-sessions.ts";
import type { Clock } from "../lib/clock.ts";

type ArrivalsControlPlane = Required<SessionsControlPlane>;

/**
 * Stands between the sessions and the control plane, and knows when the connection of an agent has become durable: from
 * then on the instance takes tasks.
 */
export class AgentArrivals implements ArrivalsControlPlane {
  readonly #controlPlane: ArrivalsControlPlane;
  readonly #clock: Clock;
  readonly #waiters = new Map<string, (() => void)[]>();

  constructor(controlPlane: ArrivalsControlPlane, clock: Clock) {
    this.#controlPlane = controlPlane;
    this.#clock = clock;
  }

  readonly report: ArrivalsControlPlane["report"] = async (place, report) => {
    await this.#controlPlane.report(place, report);
    if (report.type === "agent-connected") this.#release(report.instanceId);
  };

  readonly onEffect: ArrivalsControlPlane["onEffect"] = (listener) => this.#controlPlane.onEffect(listener);

  readonly onLoaded: ArrivalsControlPlane["onLoaded"] = (listener) => this.#controlPlane.onLoaded(listener);

  /** Resolves with true when the agent of the instance connects from now on, with false when it has not after `timeoutMs`. */
  next(instanceId: string, timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const waiters = this.#waiters.get(instanceId) ?? [];
      this.#waiters.set(instanceId, waiters);
      const timer = this.#clock.setTimer(timeoutMs, () => {
        waiters.splice(waiters.indexOf(arrived), 1);
        if (waiters.length === 0) this.#waiters.delete(instanceId);
        resolve(false);
      });
      const arrived = (): void => {
        timer.cancel();
        resolve(true);
      };
      waiters.push(arrived);
    });
  }

  #release(instanceId: string): void {
    const waiters = this.#waiters.get(instanceId);
    this.#waiters.delete(instanceId);
    for (const arrived of waiters ?? []) arrived();
  }
}
