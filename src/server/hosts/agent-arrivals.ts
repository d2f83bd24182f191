import type { SessionsControlPlane } from "../../agent-sessions/agent-sessions.ts";

type ArrivalsControlPlane = Required<SessionsControlPlane>;

/** LIMIT: instances that somebody waits for; each is a simulated host that is starting. More are not waited for. */
const waitersMax = 20_000;

/**
 * Stands between the sessions and the control plane, and knows when the connection of an agent has become durable: from
 * then on the instance takes tasks.
 */
export class AgentArrivals implements ArrivalsControlPlane {
  readonly #controlPlane: ArrivalsControlPlane;
  readonly #waiters = new Map<string, PromiseWithResolvers<void>>();

  constructor(controlPlane: ArrivalsControlPlane) {
    this.#controlPlane = controlPlane;
  }

  readonly submit: ArrivalsControlPlane["submit"] = async (place, input) => {
    const reply = await this.#controlPlane.submit(place, input);
    const { report } = input;
    if (report.type !== "agent-connected") return reply;
    this.#waiters.get(report.instanceId)?.resolve();
    this.#waiters.delete(report.instanceId);
    return reply;
  };

  readonly onEffect: ArrivalsControlPlane["onEffect"] = (listener) => this.#controlPlane.onEffect(listener);

  readonly onLoaded: ArrivalsControlPlane["onLoaded"] = (listener) => this.#controlPlane.onLoaded(listener);

  /** Resolves when the agent of the instance has connected anew, if it does. */
  next(instanceId: string): Promise<void> {
    let waiter = this.#waiters.get(instanceId);
    if (waiter === undefined) {
      if (this.#waiters.size >= waitersMax) return Promise.resolve();
      waiter = Promise.withResolvers();
      this.#waiters.set(instanceId, waiter);
    }
    return waiter.promise;
  }
}
