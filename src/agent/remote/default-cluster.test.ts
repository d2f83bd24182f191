import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "./api-error.ts";
import { withDefaultCluster } from "./default-cluster.ts";

/** A control plane that gives the test's replies and errors in turn. */
function played(...answers: readonly (object | Error)[]) {
  const calls: unknown[] = [];
  const api = withDefaultCluster({
    call: (operation, request) => {
      calls.push([operation, request]);
      const answer = answers[calls.length - 1] ?? new Error("one call too many");
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
  });
  return { api, calls };
}

const missing = new ApiError("ClusterNotFoundException", "Cluster not found.", 400);
const registered = { containerInstance: { containerInstanceArn: "arn" } };
const registration = ["RegisterContainerInstance", { cluster: "default" }];
const call = (api: ReturnType<typeof played>["api"]) => api.call("RegisterContainerInstance", { cluster: "default" });

test("the cluster is created if the code or the text says that it is missing, and the registration is repeated", async () => {
  for (const refusal of [missing, new ApiError("ClientException", "Cluster not found.", 400)]) {
    const { api, calls } = played(refusal, {}, registered);
    assert.equal(await call(api), registered);
    assert.deepEqual(calls, [registration, ["CreateCluster", { clusterName: "default" }], registration]);
  }
});

test("nothing is created if the cluster exists, for another error, or for another call", async () => {
  const there = played(registered);
  assert.equal(await call(there.api), registered);
  assert.equal(there.calls.length, 1);
  const refused = played(new ApiError("ClientException", "No.", 400));
  await assert.rejects(call(refused.api), /No\./);
  assert.equal(refused.calls.length, 1);
  const other = played(missing);
  await assert.rejects(other.api.call("DiscoverPollEndpoint", {}), missing);
  assert.equal(other.calls.length, 1);
});

test("if the cluster cannot be created, or is missing again, the registration fails", async () => {
  const failed = new ApiError("ClientException", "Too many clusters.", 400);
  await assert.rejects(call(played(missing, failed).api), failed);
  const denied = new ApiError("AccessDeniedException", "Not you.", 403);
  await assert.rejects(call(played(missing, denied).api), missing, "an agent key may not create it: it must exist");
  const { api, calls } = played(missing, {}, missing);
  await assert.rejects(call(api), missing);
  assert.equal(calls.length, 3);
});
