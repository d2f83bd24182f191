import type { SessionsControlPlane } from "../../agent-sessions/agent-sessions.ts";

type ArrivalsControlPlane = Required<SessionsControlPlane>;

/** LIMIT: instances that somebody waits for; each is a simulated host that is starting. Further ones are not waited for. */
const waitersMax = 20_000;

/**
 * Wraps the control plane for sessions and notices when an agent's connection has become durable: from then on the instance accepts tasks.
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

  /** Resolves the next time the instance's agent connects. */
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
