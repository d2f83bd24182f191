import { refuse } from "../refusals.ts";
import type { AccountStep } from "../state/account-step.ts";

export type ListServicesByNamespaceRequest = {
  readonly namespace?: string;
  readonly nextToken?: string;
  readonly maxResults?: number;
};

/**
 * ListServicesByNamespace: the services of a Cloud Map namespace. Berth has no namespaces: refuses every one with
 * NamespaceNotFoundException, and none with InvalidParameterException.
 */
export function listServicesByNamespace(_step: AccountStep, request: ListServicesByNamespaceRequest): object {
  if (request.namespace === undefined || request.namespace === "") {
    refuse("InvalidParameterException", "namespace can not be empty.");
  }
  return refuse("NamespaceNotFoundException", "The namespace was not found: Berth has no Cloud Map namespaces.");
}
