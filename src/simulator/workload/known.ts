import type { Draw } from "../draw.ts";
import { type DefinedContainer, endsByItself } from "../faults/restless-containers.ts";

/** LIMIT: the workload forgets old names, so that most calls are about things that are alive. */
const namesMax = 40;

/** A call with a client token, to be repeated. */
export type TokenCall = { readonly operation: string; readonly request: Readonly<Record<string, unknown>> };

type ShownService = {
  readonly serviceArn?: string;
  readonly status?: string;
  readonly schedulingStrategy?: string;
  readonly currentServiceDeployment?: string | null;
  readonly currentServiceRevisions?: readonly { readonly arn: string }[];
};
type ShownDeployment = { readonly serviceDeploymentArn: string };

/** What the workload has learned from replies: names to use in later calls, newest last. */
export class Known {
  readonly clusters: string[] = ["default"];
  readonly instances: string[] = [];
  readonly tasks: string[] = [];
  readonly taskDefinitions: string[] = [];
  /** ARNs of ACTIVE revisions and families with awsvpc: their tasks need a network configuration, others must have none. */
  readonly ownNetwork = new Set<string>();
  /** Those of them that require Fargate. */
  readonly forFargate = new Set<string>();
  readonly families: string[] = [];
  /** ARNs of revisions that are INACTIVE or being deleted. */
  readonly inactive = new Set<string>();
  /** Those whose tasks end by themselves, so that a service would keep replacing them. */
  readonly fleeting = new Set<string>();
  /** False in runs in which hours pass at once: a service of fleeting tasks would have thousands of them by then. */
  readonly takesFleeting: boolean;
  readonly attachments: string[] = [];
  readonly services: string[] = [];
  /** ARNs of DAEMON services. */
  readonly daemons = new Set<string>();
  readonly serviceDeployments: string[] = [];
  readonly serviceRevisions: string[] = [];
  readonly tokenCalls: TokenCall[] = [];
  readonly pageTokens: string[] = [];

  constructor(takesFleeting: boolean) {
    this.takesFleeting = takesFleeting;
  }

  /** Extracts the names from a reply. */
  learn(operation: string, request: Readonly<Record<string, unknown>>, reply: Readonly<Record<string, unknown>>): void {
    for (const shown of [reply.tasks, reply.containerInstances, reply.task, reply.containerInstance].flat()) {
      const { taskArn, containerInstanceArn, attachments } = (shown ?? {}) as {
        taskArn?: string;
        containerInstanceArn?: string;
        attachments?: readonly { readonly id: string }[];
      };
      if (taskArn !== undefined) remember(this.tasks, taskArn);
      else if (containerInstanceArn !== undefined) remember(this.instances, containerInstanceArn);
      for (const { id } of attachments ?? []) remember(this.attachments, id);
    }
    for (const service of [reply.services, reply.service].flat()) this.#learnService((service ?? {}) as ShownService);
    for (const arn of (reply.serviceArns ?? []) as readonly string[]) remember(this.services, arn);
    for (const shown of (reply.serviceDeployments ?? []) as readonly ShownDeployment[]) {
      remember(this.serviceDeployments, shown.serviceDeploymentArn);
    }
    const arns = [reply.containerInstanceArns, reply.taskArns, reply.taskDefinitionArns];
    const [instances, tasks, definitions] = arns.map((list) => (list ?? []) as readonly string[]);
    for (const arn of instances ?? []) remember(this.instances, arn);
    for (const arn of tasks ?? []) remember(this.tasks, arn);
    for (const arn of definitions ?? []) remember(this.taskDefinitions, arn);
    if (operation === "RegisterTaskDefinition") {
      const { taskDefinitionArn, family, networkMode, requiresCompatibilities, ...defined } = reply.taskDefinition as {
        readonly taskDefinitionArn?: string;
        readonly family?: string;
        readonly networkMode?: string | null;
        readonly requiresCompatibilities?: readonly string[];
        readonly containerDefinitions: readonly DefinedContainer[];
      };
      remember(this.taskDefinitions, taskDefinitionArn ?? "");
      remember(this.families, family ?? "");
      for (const name of [taskDefinitionArn ?? "", family ?? ""]) {
        if (networkMode === "awsvpc") this.ownNetwork.add(name);
        else this.ownNetwork.delete(name);
        if (requiresCompatibilities?.includes("FARGATE")) this.forFargate.add(name);
        else this.forFargate.delete(name);
        if (defined.containerDefinitions.some(endsByItself)) this.fleeting.add(name);
        else this.fleeting.delete(name);
      }
    }
    if (operation === "DeregisterTaskDefinition") {
      this.inactive.add((reply.taskDefinition as { taskDefinitionArn: string }).taskDefinitionArn);
    }
    if (operation === "DeregisterTaskDefinition" && this.taskDefinitions.length > 8) {
      // Some stay known, so that INACTIVE ones are used and deleted.
      const { taskDefinitionArn } = reply.taskDefinition as { taskDefinitionArn: string };
      this.taskDefinitions.splice(0, 1);
      remember(this.taskDefinitions, taskDefinitionArn);
    }
    if (operation === "CreateCluster") remember(this.clusters, (reply.cluster as { clusterName: string }).clusterName);
    if (operation === "DeleteCluster") {
      const { clusterName } = reply.cluster as { clusterName: string };
      const at = this.clusters.indexOf(clusterName);
      if (at >= 0 && clusterName !== "default") this.clusters.splice(at, 1);
    }
    if (typeof reply.nextToken === "string") remember(this.pageTokens, reply.nextToken);
    if (request.clientToken !== undefined) remember(this.tokenCalls, { operation, request });
  }

  #learnService({ serviceArn, status, schedulingStrategy, ...shown }: ShownService): void {
    if (serviceArn === undefined) return;
    const at = this.services.indexOf(serviceArn);
    if (status !== "INACTIVE") remember(this.services, serviceArn);
    else if (at >= 0) this.services.splice(at, 1);
    if (schedulingStrategy === "DAEMON") this.daemons.add(serviceArn);
    else this.daemons.delete(serviceArn);
    if (typeof shown.currentServiceDeployment === "string") {
      remember(this.serviceDeployments, shown.currentServiceDeployment);
    }
    for (const { arn } of shown.currentServiceRevisions ?? []) remember(this.serviceRevisions, arn);
  }

  /** A reference to one of `arns` in one of the forms that ECS accepts, occasionally to nothing. Null if none is known. */
  reference(draw: Draw, arns: readonly string[]): string | null {
    const arn = draw.pickOrNull(arns);
    if (arn === null) return null;
    return draw.weighted([
      [12, arn],
      [4, arn.slice(arn.lastIndexOf("/") + 1)],
      [1, draw.hex(32)],
      [1, `${arn.slice(0, -4)}0000`],
    ]);
  }
}

function remember<T>(names: T[], name: T): void {
  const at = names.indexOf(name);
  if (at >= 0) names.splice(at, 1);
  names.push(name);
  if (names.length > namesMax) names.shift();
}
