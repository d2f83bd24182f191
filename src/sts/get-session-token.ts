import type { ServiceGiven } from "../service-machine/service-operation.ts";
import type { ServiceStep } from "../service-machine/service-step.ts";
import { principalNamed } from "./principal.ts";
import { sessionCredentials } from "./role-session.ts";
import { checkMembers, refuse } from "./sts-refusal.ts";

type GetSessionTokenRequest = { readonly DurationSeconds?: number };

/** AWS: a user's session lasts twelve hours unless the call says otherwise, and the root user's one hour at most. */
const seconds = { user: 43_200, root: 3_600 } as const;

/** Gives the caller temporary credentials of its own. */
export function getSessionToken(
  step: ServiceStep<object>,
  request: GetSessionTokenRequest,
  { caller, ports }: ServiceGiven,
): object {
  checkMembers(request, { DurationSeconds: { type: "number", min: 900, max: 129_600 } });
  const { type } = principalNamed(caller.principalArn);
  // AWS: the text.
  if (type === "session") refuse("AccessDenied", "Cannot call GetSessionToken with session credentials");
  if (ports.credentialsOf === null) {
    const user = `User: ${caller.principalArn} is not authorized to perform: sts:GetSessionToken`;
    refuse("AccessDenied", `${user} because only berth dev gives temporary credentials`);
  }
  const { DurationSeconds = seconds[type] } = request;
  const lasting = type === "root" ? Math.min(DurationSeconds, seconds.root) : DurationSeconds;
  return { Credentials: sessionCredentials(step, step.place.account, caller.principalArn, lasting, ports) };
}
