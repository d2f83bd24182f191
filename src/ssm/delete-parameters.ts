import { checkMembers } from "../service-machine/member-rules.ts";
import { nameRule, namesRule } from "./parameter-rules.ts";
import { type ParametersStep, parameterNamed, referenceOf } from "./parameters-state.ts";

/** Deletes a parameter with all its versions. */
export function deleteParameter(step: ParametersStep, request: { readonly Name: string }): object {
  checkMembers(request, nameRule);
  step.state.deleteParameter(parameterNamed(step, request.Name).name);
  return {};
}

/** Deletes several; those that aren't there by what the request calls them. */
export function deleteParameters(step: ParametersStep, request: { readonly Names: readonly string[] }): object {
  checkMembers(request, namesRule);
  const deleted: string[] = [];
  const invalid: string[] = [];
  for (const text of new Set(request.Names)) {
    checkMembers({ Name: text }, nameRule);
    const { name, selector } = referenceOf(step, text);
    const isThere = selector === null && step.state.parameters.has(name);
    if (isThere) step.state.deleteParameter(name);
    (isThere ? deleted : invalid).push(text);
  }
  return { DeletedParameters: deleted, InvalidParameters: invalid };
}
