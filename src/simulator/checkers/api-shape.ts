import type { OperationName } from "../../ecs/machine/operations.ts";
import type { RefusalCode } from "../../ecs/refusals.ts";
import { mayAnswerWith } from "../../wire/service-definition.ts";
import { operationNamed } from "../../wire/services.ts";
import type { Shape } from "../../wire/shapes.ts";
import type { Call, Checker, Outcome, Violate } from "./checker.ts";

const rule = "answers have the shape of the API";

/** Replies match the operation's output, each member with its type. Refusals are errors that the operation declares. */
export class ApiShapeChecker implements Checker {
  readonly #violate: Violate;

  constructor(violate: Violate) {
    this.#violate = violate;
  }

  callEnded({ operation: name }: Call, outcome: Outcome): void {
    const operation = operationNamed(name as OperationName);
    if (outcome.type === "refused" && !mayAnswerWith(operation, outcome.code as RefusalCode)) {
      this.#violate(rule, `${name} was refused with ${outcome.code}: ${outcome.message}`);
    }
    if (outcome.type !== "reply") return;
    const problem = misfit(operation.shapes.output, outcome.reply, name);
    if (problem !== null) this.#violate(rule, problem);
  }
}

/** Where and how `value` does not fit `shape`, or null. Null members count as absent. */
function misfit(shape: Shape, value: unknown, path: string): string | null {
  if (value === null || value === undefined) return null;
  switch (shape.kind) {
    case "string":
    case "boolean":
      return typeof value === shape.kind ? null : `${path} is ${JSON.stringify(value)}, not a ${shape.kind}`;
    case "number":
    case "timestamp":
      return Number.isFinite(value) ? null : `${path} is ${JSON.stringify(value)}, not a ${shape.kind}`;
    case "blob":
    case "document":
      return null;
    case "list":
      if (!Array.isArray(value)) return `${path} is not a list`;
      return first(value.map((item, at) => () => misfit(shape.member, item, `${path}[${at}]`)));
    case "map":
      return first(
        Object.entries(value).map(
          ([key, item]) =>
            () =>
              misfit(shape.value, item, `${path}.${key}`),
        ),
      );
    case "structure":
      if (typeof value !== "object" || Array.isArray(value)) return `${path} is not a ${shape.name}`;
      return first(
        Object.entries(value).map(([name, item]) => () => {
          const member = shape.members.get(name);
          if (member === undefined) return item === null || item === undefined ? null : `${path} has no member ${name}`;
          return misfit(member, item, `${path}.${name}`);
        }),
      );
  }
}

function first(looks: readonly (() => string | null)[]): string | null {
  for (const look of looks) {
    const problem = look();
    if (problem !== null) return problem;
  }
  return null;
}
