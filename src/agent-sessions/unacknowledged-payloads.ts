import type { PayloadMessage, PayloadTask } from "../agent-protocol/to-agent/payload.ts";

/** LIMIT: how often a payload is resent; an agent that refuses a task never acknowledges it, and says so in another way. */
const resendsMax = 3;
/** LIMIT: payloads in flight to one agent; with more it is stuck, and gets them all when it reconnects. */
const payloadsMax = 1_000;

/** The payloads of one connection that the agent has not acknowledged. */
export class UnacknowledgedPayloads {
  readonly #sent = new Map<string, { readonly payload: PayloadMessage; resends: number }>();

  /** Records a payload that goes out. False if the agent leaves too many unanswered. */
  add(payload: PayloadMessage): boolean {
    this.#forgetOrders(new Set((payload.message.tasks ?? []).map((task) => task.arn)));
    if (this.#sent.size >= payloadsMax) return false;
    this.#sent.set(payload.message.messageId, { payload, resends: 0 });
    return true;
  }

  /** Returns the orders that the agent has now, or none if the message is not a payload or is no longer awaited. */
  acknowledged(messageId: string): readonly PayloadTask[] {
    const tasks = this.#sent.get(messageId)?.payload.message.tasks ?? [];
    this.#sent.delete(messageId);
    return tasks;
  }

  /** The payloads to resend. Those that were sent often enough are given up and named. */
  again(): { readonly payloads: readonly PayloadMessage[]; readonly givenUp: readonly string[] } {
    const payloads: PayloadMessage[] = [];
    const givenUp: string[] = [];
    for (const [messageId, sent] of this.#sent) {
      if (sent.resends >= resendsMax) {
        this.#sent.delete(messageId);
        givenUp.push(messageId);
        continue;
      }
      sent.resends += 1;
      payloads.push(sent.payload);
    }
    return { payloads, givenUp };
  }

  clear(): void {
    this.#sent.clear();
  }

  /** An order that a later one has overtaken must not go out again. */
  #forgetOrders(arns: ReadonlySet<string>): void {
    for (const [messageId, { payload, resends }] of this.#sent) {
      const before = payload.message.tasks ?? [];
      const tasks = before.filter((task) => !arns.has(task.arn));
      if (tasks.length === before.length) continue;
      if (tasks.length === 0) this.#sent.delete(messageId);
      else this.#sent.set(messageId, { payload: { ...payload, message: { ...payload.message, tasks } }, resends });
    }
  }
}
