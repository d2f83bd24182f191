import type { EcsApi } from "../agent-protocol/connection.ts";
import type { ControlPlane } from "../cluster-runner/control-plane.ts";
import type { Place } from "../ecs/arn.ts";
import { assert } from "../lib/assert.ts";
import { isBuilt, isOperation } from "../wire/operations.ts";

/** The ECS API as agents in the process of the control plane call it: without HTTP, as an agent of the account. */
export function inProcessApi(controlPlane: ControlPlane, { account, region }: Place): EcsApi {
  const caller = { principalArn: `arn:aws:iam::${account}:root`, isAgent: true };
  return {
    call(operation, request) {
      assert(isOperation(operation) && isBuilt(operation), `agents call operations that there are: ${operation}`);
      return controlPlane.call({ operation, request, account, region, caller });
    },
  };
}
