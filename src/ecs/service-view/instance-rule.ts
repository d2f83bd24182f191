import type { ContainerInstance } from "../documents/container-instance.ts";
import type { Deployment } from "../documents/deployment.ts";
import type { PlacementRequest } from "../documents/placement-request.ts";
import { type Service, serviceGroup } from "../documents/service.ts";
import type { TaskTemplate } from "../launch/new-task.ts";
import type { Candidate, PlacementFilter } from "../placement/candidate.ts";
import { memberOf } from "../placement/filters/member-of.ts";
import { requiredAttributes } from "../placement/filters/required-attributes.ts";
import { isEligible } from "../placement/placement-filters.ts";
import { placementOf, revisionOf, serviceTaskTemplate } from "./service-task-template.ts";
import type { Sight } from "./sight.ts";

/** What decides which container instances are for the tasks of a service, and what the tasks are started with. */
export type InstanceRule = {
  readonly group: string;
  readonly template: TaskTemplate;
  /** What a task asks of an instance of this kind; null for a kind that the service does not run on. */
  readonly requestOn: (instance: ContainerInstance) => PlacementRequest | null;
  /** Attributes and constraints, not the room: an instance without room is one where tasks wait for some. */
  readonly filters: readonly PlacementFilter[];
};

/** The rule for the tasks of a deployment of a service. */
export function instanceRule(sight: Sight, service: Service, target: Deployment): InstanceRule {
  const template = serviceTaskTemplate(sight, service, target);
  const { launchType, capacityProviderStrategy } = revisionOf(sight, target);
  const used = capacityProviderStrategy.filter(({ base, weight }) => base > 0 || weight > 0);
  const providers = launchType === null ? used.map(({ capacityProvider }) => capacityProvider) : [null];
  const kind = launchType === "EXTERNAL" ? "EXTERNAL" : "EC2";
  const requests = new Map(providers.map((provider) => [provider, placementOf(service, template, kind, provider)]));
  const [{ constraints } = { constraints: [] }] = requests.values();
  return {
    group: serviceGroup(service.name),
    template,
    requestOn: (instance) => requests.get(launchType === null ? instance.capacityProviderName : null) ?? null,
    filters: [
      ...(template.need.requiresAttributes.length === 0 ? [] : [requiredAttributes(template.need)]),
      // The other kind of constraint is about where tasks are already.
      ...constraints.flatMap((each) => (each.type === "memberOf" ? [memberOf(each.expression)] : [])),
    ],
  };
}

/** True for an ACTIVE instance that is for the service's tasks, whether or not its agent is connected. */
export function isFor(rule: InstanceRule, candidate: Candidate): boolean {
  const request = rule.requestOn(candidate.instance);
  if (request === null || !isEligible(request, candidate.instance)) return false;
  // As it was asked when a task was placed there: the service's own tasks are not in its way.
  const asked = rule.filters.some(({ looksAt }) => looksAt === "tasks") ? withoutOwn(candidate, rule.group) : candidate;
  return rule.filters.every((filter) => filter.lacks(asked) === 0);
}

function withoutOwn(candidate: Candidate, group: string): Candidate {
  const { instance, usage, selections } = candidate;
  const own = usage.groups.get(group) ?? 0;
  if (own === 0) return candidate;
  const groups = new Map(usage.groups);
  groups.delete(group);
  const asked = { instance, usage: { ...usage, groups, running: usage.running - own } };
  if (selections === undefined) return asked;
  return { ...asked, selections: { selects: (query, one) => selections.selects(query, one, `without ${group}`) } };
}
