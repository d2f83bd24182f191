/** The services around ECS as this process runs them. */
import { principalId, type SessionCredentialsIssuer } from "../auth/session-credentials.ts";
import type { ServicePorts } from "../service-machine/service-ports.ts";
import type { ServiceRulebook } from "../service-machine/service-rulebook.ts";
import { surroundingServices } from "../wire/services.ts";

/** The rules of all of them. */
export const builtInRulebooks: readonly ServiceRulebook[] = surroundingServices.map(({ rulebook }) => rulebook);

/** What they need from outside their rules. `sessions` is null where STS gives no credentials. */
export function servicePorts(sessions: SessionCredentialsIssuer | null): ServicePorts {
  return { principalId, credentialsOf: sessions === null ? null : (session) => sessions.mint(session) };
}
