import { arnPath } from "../arn.ts";
import type { TaskDefinition } from "../documents/task-definition.ts";
import { refuse } from "../refusals.ts";
import type { AccountStep } from "../state/account-step.ts";

/** A family, and a revision if one is named. */
export type TaskDefinitionReference = { readonly family: string; readonly revision: number | null };

/**
 * The family and revision in `reference` (family, `family:revision` or an ARN). Refuses what `arnPath` refuses, and a revision that isn't a
 * number with ClientException.
 */
export function parseTaskDefinitionReference(step: AccountStep, reference: string): TaskDefinitionReference {
  const path = reference.startsWith("arn:") ? pathHere(step, reference) : reference;
  const colon = path.indexOf(":");
  if (colon < 0) return { family: path, revision: null };
  const number = path.slice(colon + 1);
  if (number === "") refuse("ClientException", "Revision is missing.");
  if (!/^[0-9]{1,10}$/.test(number)) refuse("ClientException", `Invalid revision number. Number: ${number}`);
  return { family: path.slice(0, colon), revision: Number(number) };
}

/** The definition that `reference` names; for a family its latest ACTIVE revision. Undefined if there is none. */
export function findTaskDefinition(step: AccountStep, reference: string): TaskDefinition | undefined {
  const named = parseTaskDefinitionReference(step, reference);
  const revision = named.revision ?? step.state.revisions.latestActive(named.family);
  return revision === null ? undefined : step.state.taskDefinitions.get(`${named.family}:${revision}`);
}

function pathHere(step: AccountStep, reference: string): string {
  const [path = ""] = arnPath(step.place, "task-definition", reference, { min: 1, max: 1 });
  return path;
}
