import { never } from "../../lib/assert.ts";
import type { Random } from "../../lib/random.ts";
import { effectiveSettings } from "../account-settings/settings-in-force.ts";
import { clusterName, type Place } from "../arn.ts";
import { closeCluster, createDefaultCluster } from "../clusters/cluster-life.ts";
import { reserveFargate } from "../fargate/reserve-fargate.ts";
import { resolveCluster } from "../references/resolve-cluster.ts";
import { resolveTaskDefinition } from "../references/resolve-task-definition.ts";
import { Refusal, refuse } from "../refusals.ts";
import type { AccountInput, ClusterStanding } from "../state/account-input.ts";
import { AccountState } from "../state/account-state.ts";
import { AccountStep } from "../state/account-step.ts";
import type { MachineConfiguration } from "../state/call.ts";
import type { AccountEffect } from "../state/effect.ts";
import { removeUnusedRevisions } from "../task-definitions/delete-task-definitions.ts";
import { dueInAccount, runDueDocuments } from "./due.ts";
import type { Machine, StepResult } from "./machine.ts";
import { accountHandler } from "./operations.ts";

/** Everything outside clusters: the list of clusters, task definitions, account settings, and their tags. */
export class AccountMachine implements Machine<AccountInput, AccountEffect> {
  readonly state: AccountState;

  constructor(place: Place, configuration: MachineConfiguration) {
    this.state = new AccountState(place, configuration);
  }

  load(kind: string, key: string, document: object): void {
    this.state.tables.load(kind, key, document);
  }

  resume(): void {
    this.state.tables.loaded();
  }

  nextDueAt(): number | null {
    return this.state.nextDueAt();
  }

  /** An empty one is due at once, to be forgotten. */
  neededAt(): number | null {
    return this.state.isEmpty ? 1 : this.state.nextDueAt();
  }

  mayBeForgotten(): boolean {
    return this.state.isEmpty;
  }

  step(input: AccountInput, now: number, _random: Random): StepResult<AccountEffect> {
    const step = new AccountStep(this.state, now);
    try {
      const value = decide(step, input);
      const documents = this.state.tables.toStored(this.state.commit());
      if (step.forgottenClusters.length > 0) {
        step.effects.push({ type: "forget-clusters", names: step.forgottenClusters });
      }
      if (documents.length > 0 && this.state.isEmpty) step.effects.push({ type: "emptied" });
      const result = { reply: { ok: true, value }, documents, events: [], effects: step.effects } as const;
      return documents.length === 0 ? result : { ...result, undo: this.state.journal.undoOfCommit() };
    } catch (error) {
      return this.#refused(error);
    }
  }

  read(input: AccountInput, now: number, _random: Random): StepResult<AccountEffect> | null {
    const step = new AccountStep(this.state, now);
    try {
      const value = decide(step, input);
      const wouldChange = this.state.journal.hasChanges || step.effects.length > 0;
      this.state.rollback();
      return wouldChange ? null : { reply: { ok: true, value }, documents: [], events: [], effects: [] };
    } catch (error) {
      return this.#refused(error);
    }
  }

  #refused(error: unknown): StepResult<AccountEffect> {
    this.state.rollback();
    if (!(error instanceof Refusal)) throw error;
    return { reply: { ok: false, refusal: error }, documents: [], events: [], effects: [] };
  }
}

function decide(step: AccountStep, input: AccountInput): unknown {
  switch (input.type) {
    case "call":
      return call(step, input);
    case "timer":
      return timer(step);
    case "resolve-cluster":
      return resolveCluster(step, input.reference);
    case "resolve-task-definition":
      return resolveTaskDefinition(step, input.reference, input.purpose);
    case "effective-settings":
      return effectiveSettings(step, input.principalArn);
    case "cluster-names":
      return activeNames(step, input.references);
    case "cluster-standing":
      return clusterStanding(step, input.name);
    case "reserve-fargate":
      return reserveFargate(step, input.request);
    case "cluster-closed":
      return closeCluster(step, input.name, input.incarnation);
    case "revisions-unused":
      return removeUnusedRevisions(step, input.arns);
    case "create-default-cluster":
      return createDefaultCluster(step);
    default:
      return never(input, "input of the account machine");
  }
}

function call(step: AccountStep, input: AccountInput & { readonly type: "call" }): object {
  const { operation, request, caller, counts } = input;
  const handler = accountHandler(operation);
  if (handler === undefined) refuse("ClientException", `${operation} is not an operation of the account.`);
  return handler(step, request as never, { caller, counts: new Map(counts) });
}

function timer(step: AccountStep): null {
  runDueDocuments(step, dueInAccount);
  const reviewAt = step.state.reviewDueAt();
  if (reviewAt !== null && reviewAt <= step.now) step.reviewDeletedRevisions();
  return null;
}

function clusterStanding(step: AccountStep, name: string): ClusterStanding | null {
  const cluster = step.state.clusters.get(name);
  return cluster === undefined ? null : { status: cluster.status, incarnation: cluster.incarnation };
}

function activeNames(step: AccountStep, references: readonly (string | null)[]): string[] {
  const names = new Set<string>();
  for (const reference of references) {
    const name = nameOrNull(step.place, reference ?? undefined);
    if (name !== null && step.state.clusters.get(name)?.status === "ACTIVE") names.add(name);
  }
  return [...names];
}

/** If a reference names no cluster here, the operation itself refuses it or reports it missing later. */
function nameOrNull(place: Place, reference: string | undefined): string | null {
  try {
    return clusterName(place, reference);
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
}
