/** The services around ECS as this process runs them. */
import { randomBytes } from "node:crypto";
import { sealText, unsealText } from "../auth/sealed-text.ts";
import { principalId, type SessionCredentialsIssuer } from "../auth/session-credentials.ts";
import type { ServicePorts, ValueSeal } from "../service-machine/service-ports.ts";
import type { ServiceRulebook } from "../service-machine/service-rulebook.ts";
import { surroundingServices } from "../wire/services.ts";

/** The rules of all of them. */
export const builtInRulebooks: readonly ServiceRulebook[] = surroundingServices.map(({ rulebook }) => rulebook);

/**
 * What they need from outside their rules. `sessions` is null where STS gives no credentials, `valueKey` where no key for secret values lasts as long
 * as the store.
 */
export function servicePorts(sessions: SessionCredentialsIssuer | null, valueKey: Uint8Array | null): ServicePorts {
  return {
    principalId,
    credentialsOf: sessions === null ? null : (session) => sessions.mint(session),
    values: valueKey === null ? null : valueSeal(valueKey),
    randomBytes,
  };
}

function valueSeal(key: Uint8Array): ValueSeal {
  return {
    seal: (text, context) => sealText(key, text, context),
    unseal: (sealed, context) => {
      try {
        return unsealText(key, sealed, context);
      } catch {
        return null;
      }
    },
  };
}
