/** One machine of a service with a clock that tests move by hand; it is loaded from its documents as often as they like. */
import { seededRandom } from "../lib/random.ts";
import { ServiceMachine } from "./service-machine.ts";
import type { ServicePorts, ValueSeal } from "./service-ports.ts";
import type { ServiceRulebook } from "./service-rulebook.ts";
import { noPorts } from "./small-service.ts";

/** Reverses a text behind its context, which is enough to see whether somebody stores it as it came. */
const reversingSeal: ValueSeal = {
  seal: (text, context) => JSON.stringify([context, [...text].reverse().join("")]),
  unseal: (sealed, context) => {
    const [own, text] = JSON.parse(sealed) as [string, string];
    return own === context ? [...text].reverse().join("") : null;
  },
};

export const sealingPorts: ServicePorts = { ...noPorts, values: reversingSeal };

const caller = { principalArn: "arn:aws:iam::123456789012:user/ci", isAgent: false };

export class SmallServiceWorld {
  readonly #rulebook: ServiceRulebook;
  readonly #random = seededRandom("small service");
  readonly #stored = new Map<string, object>();
  #machine: ServiceMachine;
  ports: ServicePorts;
  now = 1_700_000_000_000;

  constructor(rulebook: ServiceRulebook, ports: ServicePorts = sealingPorts) {
    this.#rulebook = rulebook;
    this.ports = ports;
    this.#machine = this.#loaded();
  }

  /** The reply to a call, or its refusal as `code: text`. */
  // biome-ignore lint/suspicious/noExplicitAny: replies are read as loosely as JSON
  call(operation: string, request: object): any {
    const result = this.#machine.step({ type: "call", operation, request, caller }, this.now, this.#random);
    this.#keep(result.documents);
    return result.reply.ok ? result.reply.value : `${result.reply.refusal.code}: ${result.reply.refusal.message}`;
  }

  /** Lets what is due happen. */
  timer(): void {
    this.#keep(this.#machine.step({ type: "timer" }, this.now, this.#random).documents);
  }

  /** Starts again from what is stored, with the ports of now. */
  restart(): void {
    this.#machine = this.#loaded();
  }

  /** Everything that is stored, as one text. */
  get storedText(): string {
    return JSON.stringify([...this.#stored]);
  }

  #keep(documents: readonly { readonly kind: string; readonly key: string; readonly value: object | null }[]): void {
    for (const { kind, key, value } of documents) {
      const id = JSON.stringify([kind, key]);
      if (value === null) this.#stored.delete(id);
      else this.#stored.set(id, value);
    }
  }

  #loaded(): ServiceMachine {
    const place = { account: "123456789012", region: "eu-west-1" };
    const machine = new ServiceMachine(this.#rulebook, place, this.ports);
    for (const [id, document] of this.#stored) {
      const [kind, key] = JSON.parse(id) as [string, string];
      machine.load(kind, key, document);
    }
    machine.resume();
    return machine;
  }
}
