/** What callers and agents can make the server hold in memory and write to disk. */
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { bytesWritten } from "../process-figures.ts";
import { signedRequest } from "../signed-request.ts";
import { type Attack, accounts, attackerSources, bystanderSources, type Target, type UnderWay } from "./attack.ts";
import { answersByStatus, callAll, callOn } from "./caller.ts";

const clusters = 100;
const tagsEach = 50;

const clusterName = (at: number): string => `c${at}`;

/** A hundred clusters with the most and the longest tags allowed: DescribeClusters answers 600 bytes with 2 MB. */
async function makeTaggedClusters({ port, key }: Target): Promise<void> {
  const tags = Array.from({ length: tagsEach }, (_, n) => ({
    key: `${n}-`.padEnd(128, "k"),
    value: "v".repeat(256),
  }));
  const requests = Array.from({ length: clusters }, (_, at) =>
    signedRequest(port, "CreateCluster", { clusterName: clusterName(at), tags }, key),
  );
  await callAll(port, await Promise.all(requests));
}

/** Opens `count` sockets that keep asking for the largest answer, all at once, and read nothing. */
async function openSlowReaders({ port, key }: Target, count: number, sources: readonly string[]): Promise<UnderWay> {
  const body = { clusters: Array.from({ length: clusters }, (_, at) => clusterName(at)), include: ["TAGS"] };
  const request = await signedRequest(port, "DescribeClusters", body, key);
  const requests = Buffer.concat(new Array(requestsEach).fill(request));
  const sockets = new Set<Socket>();
  const open = (at: number): void => {
    const socket = connect({ host: "127.0.0.1", port, localAddress: sources[at % sources.length] as string });
    sockets.add(socket);
    socket.pause();
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    socket.write(requests);
  };
  let opened = 0;
  while (opened < count) open(opened++);
  // One that is cut off comes back.
  const reopening = setInterval(() => {
    while (sockets.size < count && opened < openedMax) open(opened++);
  }, 500);
  return {
    async stop() {
      clearInterval(reopening);
      for (const socket of sockets) socket.destroy();
    },
    measured: () => ({ "sockets held": sockets.size, "sockets opened": opened }),
  };
}

/** LIMIT: about 200 KiB of requests on each socket, more than the buffers between the two processes. */
const requestsEach = 150;
/** LIMIT: an attacker whose sockets are cut comes back, but not indefinitely. */
const openedMax = 20_000;

const slowReaders = (count: number, sources: readonly string[]): Attack => ({
  name: `${count} slow readers`,
  kind: "memory",
  says: `${count} sockets ask for answers of 2 MB and read none, from ${sources.length} address(es)`,
  server: { command: "dev", flags: ["--instances", "0", "--in-memory"] },
  bystander: "list",
  seconds: 15,
  prepare: makeTaggedClusters,
  begin: (target) => openSlowReaders(target, count, sources),
});

const changes = 1_000;

/** A task of a simulated instance, whose containers the attacker reports. */
async function runTask({ port, key }: Target): Promise<string> {
  const definition = { family: "long", containerDefinitions: [{ name: "main", image: "nginx", memory: 6 }] };
  const [, ran] = await callAll(port, [
    await signedRequest(port, "RegisterTaskDefinition", definition, key),
    await signedRequest(port, "RunTask", { taskDefinition: "long" }, key),
  ]);
  const [task] = (ran as { readonly tasks: readonly { readonly taskArn: string }[] }).tasks;
  if (task === undefined) throw new Error("the task was not placed");
  const describe = await signedRequest(port, "DescribeTasks", { tasks: [task.taskArn] }, key);
  // LIMIT: a simulated container runs after a second or two.
  for (let attempt = 0; attempt < 200; attempt++) {
    const [described] = await callAll(port, [describe]);
    const [found] = (described as { readonly tasks: readonly { readonly lastStatus: string }[] }).tasks;
    if (found?.lastStatus === "RUNNING") return task.taskArn;
    await sleep(50);
  }
  throw new Error("the task did not run in ten seconds");
}

/** Reports a long string of a container once, and small changes of it from then on. */
async function reportLongStrings({ port, key, pid }: Target): Promise<UnderWay> {
  const target = { port, key };
  const task = await runTask({ ...target, pid, dataDir: "" });
  const report = (more: object): Promise<Buffer> =>
    signedRequest(port, "SubmitContainerStateChange", { task, containerName: "main", status: "RUNNING", ...more }, key);
  const writtenBefore = bytesWritten(pid);
  const calls = callOn({
    port,
    source: bystanderSources[0],
    connections: 1,
    request: (at) => {
      if (at === 0) return report({ runtimeId: "r".repeat(240_000) });
      return at <= changes ? report({ reason: String(at) }) : null;
    },
  });
  return {
    done: calls.done,
    stop: async () => calls.stop(),
    measured: () => ({
      "KiB written per change": (bytesWritten(pid) - writtenBefore) / 1_024 / changes,
      ...answersByStatus(calls),
    }),
  };
}

export const memoryAttacks: readonly Attack[] = [
  slowReaders(60, [bystanderSources[0]]),
  slowReaders(1_000, attackerSources),
  {
    name: "long strings of agents",
    kind: "memory",
    says: `a container's runtimeId of 240 KB, then ${changes} small changes of its task`,
    // The attacker's account is that of the simulated instances.
    server: { command: "dev", flags: ["--instances", "1", "--account", accounts.attacker] },
    bystander: "list",
    seconds: 60,
    begin: reportLongStrings,
  },
];
