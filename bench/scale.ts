/**
 * A large account: loading 30,000 instances with 800,000 tasks in one process, its memory, and how fast it starts more tasks. A cluster has at
 * most 5,000 instances, so there are six. Most of the tasks are copies that are written into the store, because starting them takes minutes.
 *
 * `node bench/scale.ts [CLUSTERS INSTANCES TASKS]`, the last two for each cluster
 */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Task } from "../src/ecs/documents/task.ts";
import { SqliteStore } from "../src/store/sqlite/sqlite-store.ts";
import { type Figure, printFigures, startChild } from "./figure.ts";
import { placesOf } from "./fleet.ts";
import { residentMiB } from "./process-figures.ts";

const copiesPerAppend = 1_000;

export async function scaleFigures(clusters = 6, instances = 5_000, tasks = 133_333): Promise<Figure[]> {
  const dataDir = mkdtempSync(join(tmpdir(), "berth-bench-"));
  try {
    execFileSync(process.execPath, ["src/cli/berth.js", "keys", "create", "--data-dir", dataDir, "--json"]);
    const filled = await startChild(["bench/server-under-load.ts", dataDir, String(instances), "10", String(clusters)]);
    await filled.stop();
    await addCopies(dataDir, clusters, tasks - 10);
    const server = await startChild(["bench/reload.ts", dataDir, "10000"]);
    const { openMs, tasks: found, startedPerSecond } = server.first as Record<string, number>;
    const all = clusters * tasks;
    if (found !== all) throw new Error(`${found} tasks were loaded, not ${all}`);
    const memoryMiB = residentMiB(server.pid);
    await server.stop();
    const fleet = `${clusters * instances} instances and ${all} tasks`;
    return [
      { name: `time to load ${fleet}`, value: openMs ?? 0, unit: "ms" },
      { name: "tasks started by RunTask then, durable", value: startedPerSecond ?? 0, unit: "/s" },
      { name: "resident memory", value: memoryMiB, unit: "MiB" },
    ];
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Writes copies of a task of each cluster, spread over its instances. They have no events, as if those were forgotten. */
async function addCopies(dataDir: string, clusters: number, count: number): Promise<void> {
  const store = new SqliteStore({ dataDir });
  for (const { account, region, cluster } of placesOf(clusters)) {
    const partition = `cluster/${account}/${region}/${cluster}`;
    const { epoch, documents } = await store.open(partition);
    const instances = documents.filter(({ kind }) => kind === "container-instance").map(({ key }) => key);
    const text = documents.find(({ kind }) => kind === "task")?.body ?? "";
    const { id, instanceId } = JSON.parse(text) as Task;
    for (let done = 0; done < count; done += copiesPerAppend) {
      const copies = Array.from({ length: Math.min(copiesPerAppend, count - done) }, (_, at) => {
        const key = randomBytes(16).toString("hex");
        const on = instances[(done + at) % instances.length] ?? "";
        return { kind: "task", key, body: text.replaceAll(id, key).replaceAll(instanceId ?? "", on) };
      });
      await store.append(partition, epoch, { documents: copies, events: [] });
    }
  }
  await store.close();
}

if (import.meta.main) {
  const [clusters, instances, tasks] = process.argv.slice(2).map(Number);
  printFigures(await scaleFigures(clusters, instances, tasks));
}
