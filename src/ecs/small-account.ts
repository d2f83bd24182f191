import { seededRandom } from "../lib/random.ts";
import type { ClusterCounts } from "./documents/cluster.ts";
import { AccountMachine } from "./machine/account-machine.ts";
import type { StepResult } from "./machine/machine.ts";
import { Refusal } from "./refusals.ts";
import type { AccountInput } from "./state/account-input.ts";
import type { AccountEffect } from "./state/effect.ts";

/** For tests: an account machine with its own clock, a caller and a record of what it would have stored. */
export class SmallAccount {
  static readonly place = { account: "111122223333", region: "eu-central-1" };
  static readonly arn = "arn:aws:ecs:eu-central-1:111122223333:";
  readonly stored = new Map<string, object>();
  machine = SmallAccount.#newMachine();
  now = 1_000_000;
  principalArn = "arn:aws:iam::111122223333:user/ann";
  counts: ReadonlyMap<string, ClusterCounts> = new Map();

  static #newMachine(): AccountMachine {
    const configuration = { latestAgentVersion: "1.90.0", verifyIdentity: null };
    return new AccountMachine(SmallAccount.place, configuration);
  }

  step(input: AccountInput): StepResult<AccountEffect> {
    const result = this.machine.step(input, this.now, seededRandom("small account"));
    for (const { kind, key, value } of result.documents) {
      if (value === null) this.stored.delete(`${kind}\n${key}`);
      else this.stored.set(`${kind}\n${key}`, value);
    }
    return result;
  }

  /** The reply to an input. Throws the refusal if the machine refuses it. */
  ask<T>(input: AccountInput): T {
    const { reply } = this.step(input);
    if (!reply.ok) throw reply.refusal;
    return reply.value as T;
  }

  /** The reply to a call by the caller. */
  call<T>(operation: string, request: object = {}): T {
    const caller = { principalArn: this.principalArn, isAgent: false };
    return this.ask({ type: "call", operation, request, caller, counts: [...this.counts] });
  }

  /** The refusal of a call as `code: message`, or `accepted`. Throws if a refused call changed something. */
  refusal(operation: string, request: object = {}): string {
    const before = JSON.stringify([...this.stored]);
    try {
      this.call(operation, request);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (JSON.stringify([...this.stored]) !== before) throw new Error("a refused call changed what is stored");
      return `${error.code}: ${error.message}`;
    }
    return "accepted";
  }

  /** Replaces the machine by one loaded from what was stored. */
  restart(): void {
    this.machine = SmallAccount.#newMachine();
    for (const [place, document] of this.stored) {
      const [kind = "", key = ""] = place.split("\n");
      this.machine.load(kind, key, structuredClone(document));
    }
  }
}
