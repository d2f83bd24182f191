/** AWS Secrets Manager: secrets with versions and stages. Their values are sealed in every document. */
import { type ServiceRulebook, serviceRulebook } from "../service-machine/service-rulebook.ts";
import type { Secret } from "./secret.ts";
import { secretsOperations } from "./secrets-operations.ts";
import { SecretsState } from "./secrets-state.ts";

export const secretsManager: ServiceRulebook = serviceRulebook<SecretsState>({
  name: "secretsmanager",
  operations: secretsOperations,
  createState: (tables) => new SecretsState(tables),
  // The recovery window is over.
  whenDue: { secret: ({ state }, { name }: Secret) => state.deleteSecret(name) },
});
