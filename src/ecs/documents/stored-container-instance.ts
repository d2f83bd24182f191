import type { DocumentChange } from "../table.ts";
import type { ContainerInstance } from "./container-instance.ts";

/**
 * What an instance registers with hardly ever changes and is most of its document, while its version changes with every
 * task. So the store holds the two apart: kind `container-instance` and kind `instance-registration`, by the same key.
 */
export const instanceKind = "container-instance";
export const registrationKind = "instance-registration";

const registeredMembers = [
  "platformAttributes",
  "customAttributes",
  "registeredResources",
  "platformDevices",
  "registeredBy",
] as const;

type Registration = Pick<ContainerInstance, (typeof registeredMembers)[number]>;
type Rest = Omit<ContainerInstance, keyof Registration>;

/** Takes container instances apart for the store and puts them together again, for one cluster machine. */
export class StoredContainerInstances {
  /** The registrations that the store has, or will have with the steps given out so far. */
  readonly #stored = new Map<string, Registration>();
  readonly #halves = new Map<string, Rest>();
  /** Keys of registrations that were loaded before the rest of their instance. */
  readonly #early = new Set<string>();

  /** The documents that say `change`: for an instance, its registration only when that is another one. */
  split(change: DocumentChange): readonly DocumentChange[] {
    if (change.kind !== instanceKind) return [change];
    const { key } = change;
    if (change.value === null) {
      this.#stored.delete(key);
      return [change, { kind: registrationKind, key, value: null }];
    }
    const { platformAttributes, customAttributes, registeredResources, platformDevices, registeredBy, ...rest } =
      change.value as ContainerInstance;
    const registration = { platformAttributes, customAttributes, registeredResources, platformDevices, registeredBy };
    const stored = this.#stored.get(key);
    if (stored !== undefined && registeredMembers.every((member) => stored[member] === registration[member])) {
      return [{ kind: instanceKind, key, value: rest }];
    }
    this.#stored.set(key, registration);
    return [
      { kind: instanceKind, key, value: rest },
      { kind: registrationKind, key, value: registration },
    ];
  }

  /** Takes one loaded document of either kind; gives the instance once both are there. A whole one needs no other. */
  join(kind: string, key: string, document: object): ContainerInstance | null {
    if ("platformAttributes" in document && "registeredAt" in document) return current(document as ContainerInstance);
    if (kind === registrationKind) {
      this.#stored.set(key, document as Registration);
      this.#early.add(key);
    } else this.#halves.set(key, document as Rest);
    const registration = this.#stored.get(key);
    const rest = this.#halves.get(key);
    if (registration === undefined || rest === undefined) return null;
    this.#halves.delete(key);
    this.#early.delete(key);
    return current({ ...rest, ...registration });
  }

  /** The key of an instance of which one document was loaded and the other was not, or null. */
  incomplete(): string | null {
    const [half] = [...this.#halves.keys(), ...this.#early];
    return half ?? null;
  }
}

/** Documents of earlier versions lack `disconnectedAt` or `registeredBy`. */
function current(instance: ContainerInstance): ContainerInstance {
  const { disconnectedAt, registeredBy } = instance as Partial<ContainerInstance>;
  if (disconnectedAt !== undefined && registeredBy !== undefined) return instance;
  return { ...instance, disconnectedAt: disconnectedAt ?? null, registeredBy: registeredBy ?? null };
}
