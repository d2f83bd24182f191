import type { AgentDisk, AgentState } from "../agent/agent-disk.ts";
import type { DocumentWrite, Store } from "../store/store.ts";

const diskKind = "disk";
const adoptedKind = "adopted";

/** The disks of hosts in this process and the list of adopted container instances, in one partition of the store. */
export class HostDisks {
  readonly #store: Store;
  readonly #partition: string;
  readonly #epoch: number;
  readonly #states: Map<string, string>;
  readonly #adopted: Set<string>;

  private constructor(
    store: Store,
    partition: string,
    epoch: number,
    states: Map<string, string>,
    adopted: Set<string>,
  ) {
    this.#store = store;
    this.#partition = partition;
    this.#epoch = epoch;
    this.#states = states;
    this.#adopted = adopted;
  }

  /** Takes the partition. Throws StoreError when the store fails. */
  static async open(store: Store, partition = "simulated-hosts"): Promise<HostDisks> {
    const { epoch, documents } = await store.open(partition);
    const states = new Map<string, string>();
    const adopted = new Set<string>();
    for (const { kind, key, body } of documents) {
      if (kind === diskKind) states.set(key, body);
      if (kind === adoptedKind) adopted.add(key);
    }
    return new HostDisks(store, partition, epoch, states, adopted);
  }

  /** ARNs of the container instances that have a simulated host though they registered without one. */
  get adopted(): ReadonlySet<string> {
    return this.#adopted;
  }

  async adopt(containerInstanceArn: string): Promise<void> {
    this.#adopted.add(containerInstanceArn);
    await this.#append([{ kind: adoptedKind, key: containerInstanceArn, body: "{}" }]);
  }

  /** The disk of the host `name`. It is read from memory once, so it must be given to one agent only. */
  disk(name: string): AgentDisk {
    return {
      load: async () => {
        const body = this.#states.get(name);
        this.#states.delete(name);
        return body === undefined ? null : (JSON.parse(body) as AgentState);
      },
      save: (state) => this.#append([{ kind: diskKind, key: name, body: JSON.stringify(state) }]),
    };
  }

  /** Takes the disk of a host away, and an adopted instance of the same name from the list. */
  async erase(name: string): Promise<void> {
    this.#adopted.delete(name);
    this.#states.delete(name);
    await this.#append([
      { kind: diskKind, key: name, body: null },
      { kind: adoptedKind, key: name, body: null },
    ]);
  }

  #append(documents: readonly DocumentWrite[]): Promise<void> {
    return this.#store.append(this.#partition, this.#epoch, { documents, events: [] });
  }
}
