import { must, never } from "../../lib/assert.ts";
import type { Random } from "../../lib/random.ts";
import { agentStanding } from "../agents/agent-standing.ts";
import { reportAgentConnected } from "../agents/report-agent-connected.ts";
import { reportAgentDisconnected } from "../agents/report-agent-disconnected.ts";
import { reportInstanceStatus } from "../agents/report-instance-status.ts";
import { reportUpdateAnswered } from "../agents/report-update-answered.ts";
import type { Place } from "../arn.ts";
import { closeCluster, noteAccountKnows, noteReopened } from "../clusters/close-cluster.ts";
import { countCluster } from "../clusters/count-cluster.ts";
import { instanceAddresses } from "../container-instances/private-address.ts";
import { expireReconnects, recoverConnections } from "../container-instances/recover-connections.ts";
import type { FargateUse } from "../documents/fargate-use.ts";
import { recoverManagedHosts } from "../fargate/hosts-for-tasks.ts";
import {
  askForFargate,
  FargateShortage,
  fargateStanding,
  noteFargateReserved,
  releaseUnused,
} from "../fargate/use-fargate.ts";
import { queryStepsMax, StepTooLong } from "../placement/selections.ts";
import { Refusal, refuse } from "../refusals.ts";
import { runLooks } from "../service-look/run-looks.ts";
import type { MachineConfiguration } from "../state/call.ts";
import type { AgentReport, ClusterInput } from "../state/cluster-input.ts";
import { ClusterState } from "../state/cluster-state.ts";
import { ClusterStep } from "../state/cluster-step.ts";
import type { ClusterEffect } from "../state/effect.ts";
import { Rehearsal } from "../state/rehearsal.ts";
import { deliverCredentials } from "../task-life/deliver-credentials.ts";
import { reportStopCandidates } from "../task-life/report-stop-candidates.ts";
import { reportTaskHealth } from "../task-life/report-task-health.ts";
import { clusterReactions } from "./cluster-reactions.ts";
import { runDue } from "./due.ts";
import { forgetExcess } from "./forget-excess.ts";
import type { Machine, SlicedStep, StepAgain, StepResult } from "./machine.ts";
import { clusterHandler } from "./operations.ts";
import { eventsOf } from "./step-events.ts";

type ClusterResult = StepResult<ClusterEffect> | StepAgain | SlicedStep<ClusterEffect>;

/** Everything that belongs to one cluster: plain data and a synchronous step. */
export class ClusterMachine implements Machine<ClusterInput, ClusterEffect> {
  readonly state: ClusterState;
  #lastSequence = 0;

  constructor(place: Place, name: string, configuration: MachineConfiguration) {
    this.state = new ClusterState(place, name, configuration);
  }

  load(kind: string, key: string, document: object): void {
    this.state.tables.load(kind, key, document);
  }

  resume(lastSequence: number): void {
    this.state.tables.loaded();
    this.#lastSequence = lastSequence;
  }

  nextDueAt(): number | null {
    return this.state.nextDueAt();
  }

  neededAt(): number | null {
    return this.state.neededAt();
  }

  mayBeForgotten(): boolean {
    return this.state.closed.get("closed")?.phase === "closed";
  }

  step(input: ClusterInput, now: number, random: Random): ClusterResult {
    return this.#step(input, now, random, null);
  }

  /** `asksFor` is what services turned out to want on Fargate: they wait, and all else goes on. */
  #step(input: ClusterInput, now: number, random: Random, asksFor: FargateUse | null): ClusterResult {
    const step = new ClusterStep(this.state, now, random, clusterReactions);
    step.waitsForFargate = asksFor !== null || (input.type === "timer" && this.state.isFargateAsked.get());
    this.state.placement.selections.begin(queryStepsMax);
    try {
      const value = decide(step, input);
      if (asksFor !== null) askForFargate(step, asksFor);
      if (value instanceof Rehearsal) {
        this.state.rollback();
        return { slices: repliesOf(value.begin(step)) };
      }
      if (step.isDryRun) {
        this.state.rollback();
        return { reply: { ok: true, value }, documents: [], events: [], effects: [] };
      }
      releaseUnused(step);
      if (input.type === "call") noteReopened(step, input.given.cluster.incarnation);
      const events = eventsOf(step, this.#lastSequence);
      forgetExcess(step);
      const documents = this.state.tables.toStored(this.state.commit());
      this.#lastSequence += events.length;
      const result = { reply: { ok: true, value }, documents, events, effects: step.effects } as const;
      return documents.length === 0 ? result : { ...result, undo: this.state.journal.undoOfCommit() };
    } catch (error) {
      if (error instanceof StepTooLong) {
        this.state.rollback();
        return { again: true };
      }
      if (error instanceof FargateShortage && input.type !== "call") {
        this.state.rollback();
        return this.#step(input, now, random, error.wanted);
      }
      return this.#refused(error);
    }
  }

  read(input: ClusterInput, now: number, random: Random): StepResult<ClusterEffect> | null {
    const step = new ClusterStep(this.state, now, random, clusterReactions);
    this.state.placement.selections.begin(queryStepsMax);
    try {
      const value = decide(step, input);
      if (value instanceof Rehearsal) {
        this.state.rollback();
        return null;
      }
      const wouldChange = !step.isDryRun && (this.state.journal.hasChanges || step.hasAnnounced);
      this.state.rollback();
      if (wouldChange) return null;
      return { reply: { ok: true, value }, documents: [], events: [], effects: step.isDryRun ? [] : step.effects };
    } catch (error) {
      if (error instanceof StepTooLong || error instanceof FargateShortage) {
        this.state.rollback();
        return null;
      }
      return this.#refused(error);
    }
  }

  #refused(error: unknown): StepResult<ClusterEffect> {
    this.state.rollback();
    if (!(error instanceof Refusal)) throw error;
    return { reply: { ok: false, refusal: error }, documents: [], events: [], effects: [] };
  }
}

/** The result of `work` as the reply of a step. */
function* repliesOf(work: Iterator<undefined, object>): Generator<undefined, StepResult<never>["reply"]> {
  try {
    for (;;) {
      const next = work.next();
      if (next.done === true) return { ok: true, value: next.value };
      yield;
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { ok: false, refusal: error };
  }
}

function decide(step: ClusterStep, input: ClusterInput): unknown {
  switch (input.type) {
    case "call":
      return call(step, input);
    case "agent-report":
      return report(step, input.report);
    case "timer":
      expireReconnects(step);
      runDue(step);
      return runLooks(step);
    case "recovered":
      recoverManagedHosts(step);
      return recoverConnections(step);
    case "count":
      return countCluster(step.state);
    case "revisions-in-use":
      return input.arns.filter((arn) => step.state.revisionUses.has(arn));
    case "agent-standing":
      return agentStanding(step.state, input.instanceId, input.caller);
    case "instance-addresses":
      return instanceAddresses(step.state);
    case "fargate-freed":
      // The answer that services wait for wakes them, and comes with what they asked for.
      if (!step.state.isFargateAsked.get()) step.state.serviceIndex.wakeForFargate();
      return null;
    case "fargate-standing":
      return fargateStanding(step.state, input.returnsSpare);
    case "fargate-reserved":
      return noteFargateReserved(step.state, input);
    case "fargate-answered":
      step.state.isFargateAsked.set(false);
      if (input.noMoreOf === null) return null;
      step.noMoreFargate = input.noMoreOf;
      step.state.serviceIndex.wakeForFargate(true);
      runLooks(step);
      return null;
    case "close":
      return closeCluster(step, input.incarnation);
    case "account-knows":
      return noteAccountKnows(step, input.incarnation, input.isCreatedAgain);
    default:
      return never(input, "input of a cluster machine");
  }
}

function call(step: ClusterStep, input: ClusterInput & { type: "call" }): object {
  // AWS: the text for a deleted cluster. It was deleted between the lookup and this step.
  if (step.state.closed.get("closed")?.incarnation === input.given.cluster.incarnation) {
    refuse("ClusterNotFoundException", "The referenced cluster was inactive.");
  }
  step.noMoreFargate = input.given.noMoreFargate ?? [];
  const handler = must(clusterHandler(input.operation), `the cluster operation ${input.operation}`);
  return handler(step, input.request as never, input.given);
}

function report(step: ClusterStep, agentReport: AgentReport): unknown {
  switch (agentReport.type) {
    case "agent-connected":
      return reportAgentConnected(step, agentReport);
    case "agent-disconnected":
      return reportAgentDisconnected(step, agentReport);
    case "credentials-due":
      return deliverCredentials(step, agentReport);
    case "instance-status":
      return reportInstanceStatus(step, agentReport);
    case "task-health":
      return reportTaskHealth(step, agentReport);
    case "update-answered":
      return reportUpdateAnswered(step, agentReport);
    case "stop-candidates":
      return reportStopCandidates(step, agentReport);
    default:
      return never(agentReport, "report of an agent");
  }
}
