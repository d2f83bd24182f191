import { checkedQuery } from "../cluster-query/checked-query.ts";
import { complexityProblem } from "../cluster-query/expression-complexity.ts";
import type { PlacementConstraint, PlacementRequest, PlacementStrategy } from "../documents/placement-request.ts";
import type { TaskDefinition } from "../documents/task-definition.ts";
import { limits } from "../limits.ts";
import { refuse } from "../refusals.ts";

/** A placement constraint in a request. */
export type RequestConstraint = { readonly type?: string; readonly expression?: string };

/** A placement strategy in a request. */
export type RequestStrategy = { readonly type?: string; readonly field?: string };

/** The members of RunTask, CreateService and UpdateService that control placement. */
export type RequestPlacement = {
  readonly placementConstraints?: readonly RequestConstraint[];
  readonly placementStrategy?: readonly RequestStrategy[];
};

/**
 * Everything that decides where the tasks of a call go: their needs, and the constraints of the task definition and the call. AWS: without
 * a strategy RunTask places at random. Refuses what `checkedConstraints` and `checkedStrategies` refuse.
 */
export function checkedPlacement(
  template: Pick<PlacementRequest, "need" | "group"> & { readonly definition: TaskDefinition },
  request: RequestPlacement,
  launchType: "EC2" | "EXTERNAL",
): PlacementRequest {
  const own = checkedConstraints(request.placementConstraints, template.definition);
  return {
    need: template.need,
    group: template.group,
    launchType,
    capacityProvider: null,
    constraints: [...constraintsOf(template.definition), ...own],
    strategies: checkedStrategies(request.placementStrategy),
  };
}

/**
 * The constraints of a call or service in the form that placement reads. Refuses with InvalidParameterException an unknown type, a memberOf
 * with a missing or invalid expression, a distinctInstance with an expression, and more than 10 or too complex ones, counting those of the
 * task definition.
 * AWS: PlacementConstraint in the API reference; users report the text for distinctInstance.
 */
export function checkedConstraints(
  requested: readonly RequestConstraint[] | undefined,
  definition: Pick<TaskDefinition, "placementConstraints">,
): PlacementConstraint[] {
  const constraints = (requested ?? []).map(checkedConstraint);
  if (constraints.length + definition.placementConstraints.length > limits.placementConstraintsPerTask) {
    refuse(
      "InvalidParameterException",
      `A task can have at most ${limits.placementConstraintsPerTask} placement constraints, including those of its task definition.`,
    );
  }
  const expressions = [...constraintsOf(definition), ...constraints].flatMap((each) =>
    each.type === "memberOf" ? [each.expression] : [],
  );
  const problem = complexityProblem(expressions);
  if (problem !== null) refuse("InvalidParameterException", problem);
  return constraints;
}

/**
 * The constraints of a registered task definition in the form that placement reads. They apply in addition to those of the call or service.
 * Refuses with InvalidParameterException an invalid expression that was stored before Berth parsed expressions.
 */
export function constraintsOf(definition: Pick<TaskDefinition, "placementConstraints">): PlacementConstraint[] {
  return definition.placementConstraints.map(checkedConstraint);
}

function checkedConstraint({ type, expression }: RequestConstraint): PlacementConstraint {
  if (type === "distinctInstance") {
    // AWS: an empty expression counts as an expression.
    if (expression !== undefined) {
      refuse("InvalidParameterException", "distinctInstance expression should not be specified.");
    }
    return { type };
  }
  if (type !== "memberOf") {
    refuse("InvalidParameterException", "placement constraint type should be one of [distinctInstance,memberOf]");
  }
  if (expression === undefined || expression === "") {
    refuse("InvalidParameterException", "memberOf expression should not be null or empty.");
  }
  checkedQuery(expression, "placement constraint expression");
  return { type, expression };
}

/**
 * The strategies of a call or service in the form that placement reads, with fields as the API shows them. Refuses with
 * InvalidParameterException an unknown type or field, a random with a field, and more than 5.
 * AWS: PlacementStrategy in the API reference; fields are case-insensitive, and `host` means `instanceId`.
 */
export function checkedStrategies(requested: readonly RequestStrategy[] | undefined): PlacementStrategy[] {
  const strategies = requested ?? [];
  if (strategies.length > limits.placementStrategiesPerTask) {
    refuse("InvalidParameterException", `Maximum number of strategies is ${limits.placementStrategiesPerTask}.`);
  }
  return strategies.map(checkedStrategy);
}

function checkedStrategy({ type, field }: RequestStrategy): PlacementStrategy {
  switch (type) {
    case "random":
      if (field !== undefined) refuse("InvalidParameterException", "random field should not be specified.");
      return { type };
    case "spread":
      return { type, field: spreadField(field) };
    case "binpack":
      return { type, field: binpackField(field) };
    default:
      return refuse("InvalidParameterException", "placement strategy type should be one of [random,spread,binpack]");
  }
}

function spreadField(field = ""): string {
  const lower = field.toLowerCase();
  if (lower === "instanceid" || lower === "host") return "instanceId";
  // AWS: the characters allowed in attribute names.
  const name = /^attribute:([A-Za-z0-9_/\\.-]+)$/i.exec(field)?.[1];
  if (name === undefined || name.length > limits.attributeNameCharacters) {
    refuse("InvalidParameterException", `spread field '${field}' is invalid.`);
  }
  return `attribute:${name}`;
}

function binpackField(field = ""): "CPU" | "MEMORY" {
  const upper = field.toUpperCase();
  if (upper === "CPU" || upper === "MEMORY") return upper;
  return refuse("InvalidParameterException", `binpack field '${field}' is invalid.`);
}

/** Refuses constraints and strategies for Fargate tasks. AWS: users report the texts. */
export function refuseOnFargate({ placementConstraints, placementStrategy }: RequestPlacement): void {
  const refuseFor = (what: string): never =>
    refuse("InvalidParameterException", `Placement ${what} are not supported with FARGATE launch type.`);
  if ((placementStrategy ?? []).length > 0) refuseFor("strategies");
  if ((placementConstraints ?? []).length > 0) refuseFor("constraints");
}
