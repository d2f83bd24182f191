/**
 * Goal: clusters come and go, with crashes at any append. What lives is never forgotten, what is gone leaves nothing, and a reader of a
 * name's events that continues where it stopped misses nothing and sees nothing twice.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ecsTimeline } from "../ecs/timeline.ts";
import { type RandomStream, seededRandom } from "../lib/random.ts";
import { VirtualClock } from "../lib/virtual-clock.ts";
import { emptyMemoryDisk } from "../store/memory/memory-store.ts";
import { aControlPlane, anInstance, caller, place, type World } from "./cranked-control-plane.ts";

const minute = 60_000;
const timeline = { ...ecsTimeline, inactiveClusterRetentionMs: 5 * minute, inactiveInstanceRetentionMs: minute };
const names = ["a", "b", "c"] as const;
type Name = (typeof names)[number];

class Story {
  readonly #chance: RandomStream;
  readonly #disk = emptyMemoryDisk();
  readonly #clock = new VirtualClock(1_700_000_000_000);
  /** ARNs of registered instances in existing clusters. */
  readonly #live = new Map<Name, Set<string>>();
  readonly #readThrough = new Map<Name, number>();
  #world: World | null = null;

  constructor(seed: number) {
    this.#chance = seededRandom(`places ${seed}`).stream("story");
  }

  async tell(steps: number): Promise<void> {
    await this.#start();
    for (let step = 0; step < steps; step++) {
      await this.#step(names[this.#chance.below(names.length)] as Name);
      await this.#check();
    }
    for (const name of names) await this.#delete(name);
    await this.#clock.advance(20 * minute);
    await this.#start();
    await this.#clock.advance(20 * minute);
    assert.deepEqual([...this.#disk.partitions.keys()], [], "nothing is left");
  }

  get #running(): World {
    assert.ok(this.#world !== null);
    return this.#world;
  }

  async #start(): Promise<void> {
    this.#world?.store.crash();
    const opening = aControlPlane({ disk: this.#disk, clock: this.#clock, timeline });
    await this.#clock.settle();
    this.#world = await opening;
  }

  async #step(name: Name): Promise<void> {
    const what = this.#chance.below(10);
    if (what < 4) await this.#use(name);
    else if (what < 6) await this.#delete(name);
    else if (what < 8) await this.#clock.advance(this.#chance.below(7 * minute));
    else if (what < 9) await this.#start();
    else await this.#crashAtSomeAppend(name);
  }

  /** Creates the cluster if it doesn't exist, and registers an instance in it. */
  async #use(name: Name): Promise<void> {
    await this.#running.call("CreateCluster", { clusterName: name });
    const arn = await anInstance(this.#running, name);
    const live = this.#live.get(name);
    if (live === undefined) this.#live.set(name, new Set([arn]));
    else live.add(arn);
    const seen = (await this.#read(name)).map(({ body }) => body).join();
    assert.ok(seen.includes(arn), "the reader sees the instance");
  }

  async #delete(name: Name): Promise<void> {
    const { clusters } = await this.#running.call("DescribeClusters", { clusters: [name] });
    if (clusters[0]?.status !== "ACTIVE") return;
    for (const containerInstance of this.#live.get(name) ?? []) {
      await this.#running.call("DeregisterContainerInstance", { cluster: name, containerInstance });
    }
    await this.#running.call("DeleteCluster", { cluster: name });
    this.#live.delete(name);
  }

  /** The process dies at the next append of the account or the cluster, while the cluster is being deleted. */
  async #crashAtSomeAppend(name: Name): Promise<void> {
    const { account, region } = place;
    const partitions = [`account/${account}/${region}`, `cluster/${account}/${region}/${name}`];
    const live = [...(this.#live.get(name) ?? [])];
    for (const containerInstance of live) {
      await this.#running.call("DeregisterContainerInstance", { cluster: name, containerInstance });
    }
    this.#live.delete(name);
    this.#running.fates.set(partitions[this.#chance.below(2)] as string, "crash");
    const request = { cluster: name };
    void this.#running.controlPlane.call({ operation: "DeleteCluster", request, caller, ...place }).catch(() => {});
    await this.#clock.advance(this.#chance.below(8 * minute));
    await this.#start();
  }

  async #read(name: Name) {
    const after = this.#readThrough.get(name) ?? 0;
    const events = await this.#running.controlPlane.readEvents({ ...place, cluster: name }, after, 1_000);
    for (const [index, { sequence }] of events.entries()) {
      assert.ok(sequence > after, "nothing is seen twice");
      if (index > 0) assert.equal(sequence, (events[index - 1]?.sequence ?? 0) + 1, "there is no gap");
    }
    this.#readThrough.set(name, events.at(-1)?.sequence ?? after);
    return events;
  }

  async #check(): Promise<void> {
    for (const [name, live] of this.#live) {
      const { containerInstanceArns } = await this.#running.call("ListContainerInstances", { cluster: name });
      assert.deepEqual(containerInstanceArns.sort(), [...live].sort(), `what lives in ${name}`);
      await this.#read(name);
    }
  }
}

for (let seed = 1; seed <= 40; seed++) test(`seed ${seed}`, () => new Story(seed).tell(40));
