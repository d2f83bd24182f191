import type { EcsApi } from "../agent-protocol/connection.ts";
import type { ControlPlane } from "../cluster-runner/control-plane.ts";
import type { Place } from "../ecs/arn.ts";
import { assert } from "../lib/assert.ts";
import { isBuilt, isOperation } from "../wire/operations.ts";
import { checkRequestLimits } from "../wire/request-limits.ts";

/** The ECS API as agents in the process of the control plane call it: without HTTP, as an agent of the account, within the same limits. */
export function inProcessApi(controlPlane: ControlPlane, { account, region }: Place): EcsApi {
  const caller = { principalArn: `arn:aws:iam::${account}:root`, isAgent: true };
  return {
    async call(operation, request) {
      assert(isOperation(operation) && isBuilt(operation), `agents call operations that there are: ${operation}`);
      checkRequestLimits(operation, request);
      return controlPlane.call({ operation, request, account, region, caller });
    },
  };
}
