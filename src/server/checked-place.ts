import { accessDenied, WireError } from "../wire/errors.ts";
import { operationOfTarget } from "../wire/target.ts";
import type { Authenticate, Authenticated } from "./authenticate.ts";

/**
 * As `authenticate`, and refuses callers whose signature is for a region that this server does not have, and tasks that call another region
 * than their own: before anything is looked up or stored for that region.
 */
export function withCheckedPlace(authenticate: Authenticate, regions: ReadonlySet<string>): Authenticate {
  const checked = (caller: Authenticated, target: string | undefined): Authenticated => {
    const { region, task } = caller;
    // AWS: the text; a region that AWS does not have has no endpoint there.
    if (!regions.has(region)) {
      const text = `Credential should be scoped to a valid region, not '${region}'.`;
      throw new WireError("InvalidSignatureException", text);
    }
    if (task === undefined || task.region === region) return caller;
    const operation = target === undefined ? "Poll" : operationOfTarget(target);
    throw accessDenied(task.principalArn, operation, "*", `the role of a task may only call ${task.region}`);
  };
  return (call) => {
    const target = call.headers["x-amz-target"];
    const single = typeof target === "string" ? target : undefined;
    const caller = authenticate(call);
    return caller instanceof Promise ? caller.then((found) => checked(found, single)) : checked(caller, single);
  };
}
