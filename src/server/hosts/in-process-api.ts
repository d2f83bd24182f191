import type { EcsApi } from "../../agent-protocol/connection.ts";
import type { ControlPlane } from "../../cluster-runner/control-plane.ts";
import type { Place } from "../../ecs/arn.ts";
import { assert } from "../../lib/assert.ts";
import { checkRequestLimits } from "../../wire/request-limits.ts";
import { isAnswered, isOfService } from "../../wire/service-definition.ts";
import { apiOperations, ecs } from "../../wire/services.ts";

/** The ECS API for agents in the control plane's process: without HTTP, as an agent of the account, within the same limits. */
export function inProcessApi(controlPlane: ControlPlane, { account, region }: Place): EcsApi {
  const caller = { principalArn: `arn:aws:iam::${account}:root`, isAgent: true };
  return {
    async call(name, request) {
      const operation = apiOperations(ecs).get(name);
      assert(
        operation !== undefined && isAnswered(operation) && !isOfService(operation),
        `agents call operations that there are: ${name}`,
      );
      checkRequestLimits(operation, request);
      return controlPlane.call({ operation: operation.name, request, account, region, caller });
    },
  };
}
