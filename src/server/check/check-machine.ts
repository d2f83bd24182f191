import type { MachinePartition } from "../../cluster-runner/partitions/cluster-place.ts";
import { loadDocument } from "../../cluster-runner/partitions/load-machine.ts";
import { amountOf } from "../../ecs/documents/resource.ts";
import { holdsResources, type Task } from "../../ecs/documents/task.ts";
import { AccountMachine } from "../../ecs/machine/account-machine.ts";
import { ClusterMachine } from "../../ecs/machine/cluster-machine.ts";
import type { ClusterState } from "../../ecs/state/cluster-state.ts";
import { ServiceMachine } from "../../service-machine/service-machine.ts";
import type { ServicePorts } from "../../service-machine/service-ports.ts";
import type { StoredDocument } from "../../store/store.ts";
import { surroundingServices } from "../../wire/services.ts";
import type { NewestVersions } from "./check-events.ts";

/** A problem with a machine's documents; `document` is a kind and a key, or null. */
export type MachineProblem = {
  readonly document: string | null;
  readonly text: string;
  /** True for a document that only a newer Berth can use. */
  readonly isNewer?: boolean;
};

const configuration = { latestAgentVersion: "0.0.0", verifyIdentity: null };

/** Nothing is called in a machine that is only loaded. */
const portsOfCheck: ServicePorts = {
  principalId: (prefix) => prefix,
  credentialsOf: null,
  values: null,
  randomBytes: (count) => new Uint8Array(count),
};

/** Loads the documents of an account or cluster into a machine, as a start does, and checks that they agree. */
export function checkMachine(
  partition: MachinePartition,
  lastSequence: number,
  documents: readonly StoredDocument[],
  newest: NewestVersions,
): MachineProblem[] {
  if (partition.type === "account") {
    const account = new AccountMachine(partition.place, configuration);
    return loadAll(account, documents, () => account.resume());
  }
  if (partition.type === "service") {
    const { service, ...place } = partition.place;
    const rulebook = surroundingServices.find(({ name }) => name === service)?.rulebook ?? null;
    if (rulebook === null) return [{ document: null, text: `the service ${service} is not known`, isNewer: true }];
    const machine = new ServiceMachine(rulebook, place, portsOfCheck);
    return loadAll(machine, documents, () => machine.resume());
  }
  const machine = new ClusterMachine(partition.place, partition.place.cluster, configuration);
  const problems = loadAll(machine, documents, () => machine.resume(lastSequence));
  // A reference to a damaged document isn't another problem.
  return problems.length > 0 ? problems : [...countProblems(machine.state), ...versionProblems(machine.state, newest)];
}

function loadAll(
  machine: { load(kind: string, key: string, document: object): void },
  documents: readonly StoredDocument[],
  resume: () => void,
): MachineProblem[] {
  const problems: MachineProblem[] = [];
  for (const document of documents) {
    const problem = loadDocument(machine, document);
    if (problem !== null) problems.push({ document: `${document.kind} ${document.key}`, ...problem });
  }
  // Documents of a newer Berth were not loaded, so nothing counts as missing.
  if (problems.some(({ isNewer }) => isNewer)) return problems;
  try {
    resume();
  } catch (error) {
    problems.push({ document: null, text: error instanceof Error ? error.message : String(error) });
  }
  return problems;
}

/** Tasks that hold resources must be on existing hosts, and within what these registered. */
function* countProblems({ tasks, instances, managedHosts }: ClusterState): Iterable<MachineProblem> {
  const used = new Map<string, { cpu: number; memoryMiB: number }>();
  for (const task of tasks.values()) {
    if (!holdsResources(task) || task.instanceId === null) continue;
    const document = `task ${task.id}`;
    const instance = instances.get(task.instanceId);
    if (instance === undefined && !managedHosts.has(task.instanceId)) {
      yield { document, text: `it is on the container instance ${task.instanceId}, which does not exist` };
    }
    if (instance?.status === "INACTIVE") {
      yield { document, text: `it holds resources of the container instance ${task.instanceId}, which is INACTIVE` };
    }
    add(used, task.instanceId, task);
  }
  for (const { id, registeredResources } of instances.values()) {
    const { cpu, memoryMiB } = used.get(id) ?? { cpu: 0, memoryMiB: 0 };
    const [cpuThere, memoryThere] = [amountOf(registeredResources, "CPU"), amountOf(registeredResources, "MEMORY")];
    if (cpu <= cpuThere && memoryMiB <= memoryThere) continue;
    const text = `its tasks hold ${cpu} CPU units and ${memoryMiB} MiB, but it registered ${cpuThere} and ${memoryThere}`;
    yield { document: `container-instance ${id}`, text };
  }
}

function add(used: Map<string, { cpu: number; memoryMiB: number }>, instanceId: string, { reservation }: Task): void {
  const { cpu, memoryMiB } = used.get(instanceId) ?? { cpu: 0, memoryMiB: 0 };
  used.set(instanceId, { cpu: cpu + reservation.cpu, memoryMiB: memoryMiB + reservation.memoryMiB });
}

/** A document and its newest event were written together. */
function* versionProblems({ tasks, instances }: ClusterState, newest: NewestVersions): Iterable<MachineProblem> {
  for (const [kind, table] of [["task", tasks] as const, ["container-instance", instances] as const]) {
    for (const { id, arn, version } of table.values()) {
      const announced = newest.get(arn);
      if (announced === undefined || announced === version) continue;
      yield { document: `${kind} ${id}`, text: `it has version ${version}, but its newest event has ${announced}` };
    }
  }
}
