import { type Attack, bystanderSources, type Target } from "./attack.ts";
import { answersByStatus, callOn } from "./caller.ts";

/** LIMIT: enough to keep the server busy while the bench itself is not. */
const connections = 8;

/** Makes the request with this number. Null if there are no more. */
export type NextRequest = (target: Target, at: number) => Promise<Buffer | null> | Buffer | null;

/** An attack that calls without a pause over a few connections, from an address that a bystander also uses. */
export const beginCalling =
  (request: NextRequest, count = connections): Attack["begin"] =>
  async (target) => {
    const calls = callOn({
      port: target.port,
      source: bystanderSources[0],
      connections: count,
      request: (at) => request(target, at),
    });
    return {
      done: calls.done,
      stop: async () => calls.stop(),
      measured: () => answersByStatus(calls),
    };
  };
