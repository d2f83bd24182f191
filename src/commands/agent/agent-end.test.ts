import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "../../agent/remote/api-error.ts";
import { checkCluster, exitCodeOf, problemOf, TerminalError } from "./agent-end.ts";

const place = { endpoint: "http://ecs:1", accessKeyId: "AKIA1", cluster: "web", dataDir: "/data" };
const refused = (code: string, message: string, status: number | null = 400) => ({
  why: "refused" as const,
  error: new ApiError(code, message, status),
});

test("an agent that was asked to end reports no problem, and one that is turned away says how to return", () => {
  assert.equal(problemOf({ why: "stopped" }, place), null);
  assert.match(problemOf({ why: "inactive" }, place) ?? "", /was deregistered; .* move \/data away/);
  assert.match(problemOf({ why: "displaced" }, place) ?? "", /has another agent/);
});

test("a refusal says what to do about it", () => {
  const cases: readonly (readonly [code: string, message: string, says: RegExp])[] = [
    [
      "ClusterNotFoundException",
      "Cluster not found.",
      /^there is no cluster web at http:\/\/ecs:1\. .*--cluster-name web$/,
    ],
    ["InvalidSignatureException", "Wrong.", /^http:\/\/ecs:1 refuses the access key AKIA1: Wrong\.$/],
    [
      "ClientException",
      "Container instance 0123 is inactive.",
      /deregistered while the agent was away\. .*move \/data away/,
    ],
    ["ClientException", "Referenced container instance 01 not registered.", /away\. .*move \/data away/],
    [
      "ClientException",
      "Container instance type changes are not supported.",
      /changes are not supported\. \(ClientException\)$/,
    ],
  ];
  for (const [code, message, says] of cases) assert.match(problemOf(refused(code, message), place) ?? "", says);
  const arn = { ...place, cluster: "arn:aws:ecs:us-east-1:123456789012:cluster/web" };
  assert.match(problemOf(refused("ClusterNotFoundException", "No."), arn) ?? "", /--cluster-name web$/);
  assert.equal(
    problemOf({ why: "refused", error: new Error("The state is damaged.") }, place),
    "The state is damaged.",
  );
});

test("the exit code tells a supervisor whether to try again", () => {
  assert.equal(exitCodeOf({ why: "stopped" }), 0);
  assert.equal(exitCodeOf({ why: "inactive" }), 5);
  assert.equal(exitCodeOf({ why: "displaced" }), 5);
  for (const code of ["ClientException", "InvalidParameterException"]) assert.equal(exitCodeOf(refused(code, "")), 5);
  for (const code of ["AccessDeniedException", "ClusterNotFoundException", "UnrecognizedClientException"]) {
    assert.equal(exitCodeOf(refused(code, "")), 1);
  }
  assert.equal(exitCodeOf({ why: "refused", error: new Error("disk") }), 1);
});

test("a data directory belongs to one cluster, by name or by ARN", () => {
  const arn = "arn:aws:ecs:us-east-1:123456789012:container-instance/web/0123";
  checkCluster(arn, "web", "/data");
  checkCluster(arn, "arn:aws:ecs:us-east-1:123456789012:cluster/web", "/data");
  checkCluster(arn.replace("/web/", "/default/"), null, "/data");
  const isTold = (error: unknown): boolean => error instanceof TerminalError && error.exitCode === 5;
  assert.throws(() => checkCluster(arn, null, "/data"), isTold);
  assert.throws(() => checkCluster(arn, "api", "/data"), /cluster web, not api\. Pass --cluster web, or another/);
});
