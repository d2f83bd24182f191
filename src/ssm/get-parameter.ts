import { Refusal } from "../ecs/refusals.ts";
import { checkMembers } from "../service-machine/member-rules.ts";
import type { ServiceGiven } from "../service-machine/service-operation.ts";
import type { ParameterVersion } from "./parameter.ts";
import { nameRule, namesRule } from "./parameter-rules.ts";
import { shownValue } from "./parameter-value.ts";
import { type ParametersStep, parameterArn, referenceOf, versionNamed } from "./parameters-state.ts";

/** One parameter by its name, with a version or a label behind a colon, or by its ARN. */
export function getParameter(
  step: ParametersStep,
  request: { readonly Name: string; readonly WithDecryption?: boolean },
  given: ServiceGiven,
): object {
  checkMembers(request, nameRule);
  return { Parameter: namedReply(step, request.Name, request.WithDecryption ?? false, given) };
}

/** Several parameters; those that aren't there by what the request calls them. */
export function getParameters(
  step: ParametersStep,
  request: { readonly Names: readonly string[]; readonly WithDecryption?: boolean },
  given: ServiceGiven,
): object {
  checkMembers(request, namesRule);
  for (const Name of request.Names) checkMembers({ Name }, nameRule);
  const found: object[] = [];
  const invalid: string[] = [];
  for (const name of new Set(request.Names)) {
    try {
      found.push(namedReply(step, name, request.WithDecryption ?? false, given));
    } catch (error) {
      if (!(error instanceof Refusal) || !isNotFound(error)) throw error;
      invalid.push(name);
    }
  }
  return { Parameters: found, InvalidParameters: invalid };
}

const isNotFound = ({ code }: Refusal): boolean => code === "ParameterNotFound" || code === "ParameterVersionNotFound";

function namedReply(step: ParametersStep, text: string, withDecryption: boolean, given: ServiceGiven): object {
  const { selector } = referenceOf(step, text);
  const reply = parameterReply(step, versionNamed(step, text), withDecryption, given);
  return selector === null ? reply : { ...reply, Selector: `:${selector}` };
}

/** A version with its value, in API shape. */
export function parameterReply(
  { place }: ParametersStep,
  version: ParameterVersion,
  withDecryption: boolean,
  { ports }: ServiceGiven,
): object {
  return {
    Name: version.name,
    Type: version.type,
    Value: shownValue(place, version, withDecryption, ports),
    Version: version.version,
    LastModifiedDate: version.modifiedAt,
    ARN: parameterArn(place, version.name),
    DataType: "text",
  };
}
