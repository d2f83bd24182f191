import type { ServiceGiven } from "../service-machine/service-operation.ts";
import type { ServicePorts } from "../service-machine/service-ports.ts";
import type { ServiceStep } from "../service-machine/service-step.ts";
import { principalNamed } from "./principal.ts";

/** AWS: who calls. Needs no permission. */
export function getCallerIdentity(
  step: ServiceStep<object>,
  _request: object,
  { caller, ports }: ServiceGiven,
): object {
  const { account } = step.place;
  return { UserId: userId(account, caller.principalArn, ports), Account: account, Arn: caller.principalArn };
}

/** AWS: the unique id of a user, that of a role with the session's name, or the account's for its root user. */
function userId(account: string, principalArn: string, { principalId }: ServicePorts): string {
  const principal = principalNamed(principalArn);
  switch (principal.type) {
    case "root":
      return account;
    case "user":
      return principalId("AIDA", principal.arn);
    case "session":
      return `${principalId("AROA", principal.roleArn)}:${principal.sessionName}`;
  }
}
