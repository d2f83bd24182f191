import { WireError } from "../../wire/errors.ts";
import type { Authenticate } from "./authenticate.ts";

/**
 * As `authenticate`, and refuses callers whose signature is for a region that this server does not have, before anything is
 * looked up or stored for that region.
 */
export function withCheckedPlace(authenticate: Authenticate, regions: ReadonlySet<string>): Authenticate {
  return async (head) => {
    const authenticateBody = await authenticate(head);
    return async (body) => {
      const caller = await authenticateBody(body);
      if (regions.has(caller.region)) return caller;
      // AWS: the text; a region that AWS does not have has no endpoint there.
      const text = `Credential should be scoped to a valid region, not '${caller.region}'.`;
      throw new WireError("InvalidSignatureException", text);
    };
  };
}
