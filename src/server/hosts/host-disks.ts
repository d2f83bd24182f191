import type { DocumentWrite, Store } from "../../store/store.ts";
import { HostDisk, headKind, hostOfPart, type PartKind, partKinds } from "./host-disk.ts";

const adoptedKind = "adopted";

type Texts = { heads: Map<string, string>; parts: Map<string, Map<PartKind, Map<string, string>>> };

/** The disks of hosts in this process, and the list of adopted container instances, in one partition of the store. */
export class HostDisks {
  readonly #store: Store;
  readonly #partition: string;
  readonly #epoch: number;
  /** What was in the partition when it was opened, until its host gets it. */
  readonly #found: Texts;
  readonly #disks = new Map<string, HostDisk>();
  readonly #adopted: Set<string>;

  private constructor(store: Store, partition: string, epoch: number, found: Texts, adopted: Set<string>) {
    this.#store = store;
    this.#partition = partition;
    this.#epoch = epoch;
    this.#found = found;
    this.#adopted = adopted;
  }

  /** Opens the partition. Throws StoreError if the store fails, DamagedError if the partition is unreadable. */
  static async open(store: Store, partition = "simulated-hosts"): Promise<HostDisks> {
    const { epoch, documents } = await store.open(partition);
    const found: Texts = { heads: new Map(), parts: new Map() };
    const adopted = new Set<string>();
    for (const { kind, key, body } of documents) {
      if (kind === headKind) found.heads.set(key, body);
      const partKind = partKinds.find((candidate) => candidate === kind);
      if (partKind !== undefined) partsOf(found, hostOfPart(key)).get(partKind)?.set(key, body);
      if (kind === adoptedKind) adopted.add(key);
    }
    return new HostDisks(store, partition, epoch, found, adopted);
  }

  /** ARNs of the adopted container instances. */
  get adopted(): ReadonlySet<string> {
    return this.#adopted;
  }

  async adopt(containerInstanceArn: string): Promise<void> {
    this.#adopted.add(containerInstanceArn);
    await this.#append([{ kind: adoptedKind, key: containerInstanceArn, body: "{}" }]);
  }

  /** The disk of the host `name`. Give it to one agent only. */
  disk(name: string): HostDisk {
    let disk = this.#disks.get(name);
    if (disk === undefined) {
      const head = this.#found.heads.get(name);
      const stored = head === undefined ? null : { head, parts: partsOf(this.#found, name) };
      this.#found.heads.delete(name);
      this.#found.parts.delete(name);
      const place = `${this.#store.medium}, partition "${this.#partition}"`;
      disk = new HostDisk(name, stored, (documents) => this.#append(documents), place);
      this.#disks.set(name, disk);
    }
    return disk;
  }

  /** Removes the disk of a host, and an adopted instance of the same name from the list. */
  async erase(name: string): Promise<void> {
    this.#adopted.delete(name);
    const disk = this.disk(name);
    this.#disks.delete(name);
    await this.#append([...disk.erased(), { kind: adoptedKind, key: name, body: null }]);
  }

  #append(documents: readonly DocumentWrite[]): Promise<void> {
    return this.#store.append(this.#partition, this.#epoch, { documents, events: [] });
  }
}

function partsOf({ parts }: Texts, host: string): Map<PartKind, Map<string, string>> {
  const known = parts.get(host) ?? new Map(partKinds.map((kind) => [kind, new Map<string, string>()]));
  parts.set(host, known);
  return known;
}
