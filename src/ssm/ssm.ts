/** AWS Systems Manager, as far as its parameters go. Their values are sealed in every document, whatever their type. */
import { type ServiceRulebook, serviceRulebook } from "../service-machine/service-rulebook.ts";
import { ParametersState } from "./parameters-state.ts";
import { ssmOperations } from "./ssm-operations.ts";

export const ssm: ServiceRulebook = serviceRulebook<ParametersState>({
  name: "ssm",
  operations: ssmOperations,
  createState: (tables) => new ParametersState(tables),
});
