import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "../agent/remote/api-error.ts";
import { checkControlPlane } from "./control-plane-check.ts";

const denied = new ApiError("AccessDeniedException", "User: x is not authorized", 403);
const missing = new ApiError("ClientException", "Cluster not found.", 400);

/** Checks a control plane with these answers, and returns the calls that were made. */
async function check(answers: Readonly<Record<string, object | Error>>, cluster: string | null): Promise<string[]> {
  const calls: string[] = [];
  const api = {
    async call(operation: string): Promise<object> {
      calls.push(operation);
      const answer = answers[operation] ?? assert.fail(operation);
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  await checkControlPlane({ api, endpoint: "http://127.0.0.1:1", accessKeyId: "AKIA", cluster });
  return calls;
}

test("the default cluster is created if none was named, and only then", async () => {
  const none = { DescribeClusters: { clusters: [] }, CreateCluster: {} };
  assert.deepEqual(await check(none, null), ["DescribeClusters", "CreateCluster"]);
  await assert.rejects(check(none, "lab"), /There is no cluster lab at http.*--cluster-name lab/);
  const there = { DescribeClusters: { clusters: [{ status: "ACTIVE" }] } };
  assert.deepEqual(await check(there, null), ["DescribeClusters"]);
});

test("an agent key, which may neither describe nor create a cluster, learns where its agents connect", async () => {
  const there = { DescribeClusters: denied, DiscoverPollEndpoint: {} };
  assert.deepEqual(await check(there, "lab"), ["DescribeClusters", "DiscoverPollEndpoint"]);
  const none = { DescribeClusters: denied, DiscoverPollEndpoint: missing };
  await assert.rejects(check(none, null), /There is no cluster default at http.*--cluster-name default/);
  await assert.rejects(check(none, "arn:aws:ecs:r:1:cluster/lab"), /--cluster-name lab/);
});

test("a key that may do neither is reported as refused", async () => {
  await assert.rejects(
    check({ DescribeClusters: denied, DiscoverPollEndpoint: denied }, "lab"),
    /refuses the access key/,
  );
});
