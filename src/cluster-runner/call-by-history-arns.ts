/**
 * Calls that name service deployments or service revisions by ARN only. Each ARN names its cluster, and one call may name those of several.
 */
import type { Place } from "../ecs/arn.ts";
import { type HistoryOperation, historyArn, historyCalls, missingArn } from "../ecs/deployments/history-arns.ts";
import { Refusal, refuse } from "../ecs/refusals.ts";

type Call = Place & { readonly operation: string; readonly request: object };
type CallCluster = (cluster: string, request: object) => Promise<object>;
type Described = Readonly<Record<string, readonly object[]>> & { readonly failures: readonly object[] };

/** Combines the answers of the clusters; rejects with the call's Refusal. */
export async function callByHistoryArns(call: Call, callCluster: CallCluster): Promise<object> {
  if (call.operation === "StopServiceDeployment") return stop(call, callCluster);
  const operation = call.operation as HistoryOperation;
  const calls = historyCalls(call, operation, call.request);
  const listed = operation === "DescribeServiceDeployments" ? "serviceDeployments" : "serviceRevisions";
  const found: object[] = [];
  const failures: object[] = [];
  for (const [cluster, request] of calls) {
    const reply = await answered(callCluster(cluster, request));
    found.push(...(reply?.[listed] ?? []));
    failures.push(...(reply?.failures ?? Object.values(request).flat().map(missingArn)));
  }
  return { [listed]: found, failures };
}

/** The reply; null if the cluster doesn't exist, so what it would own is missing too. */
async function answered(reply: Promise<object>): Promise<Described | null> {
  try {
    return (await reply) as Described;
  } catch (error) {
    if (isClusterMissing(error)) return null;
    throw error;
  }
}

async function stop({ account, region, request }: Call, callCluster: CallCluster): Promise<object> {
  const { serviceDeploymentArn = "" } = request as { readonly serviceDeploymentArn?: string };
  if (serviceDeploymentArn === "") refuse("InvalidParameterException", "serviceDeploymentArn can not be empty.");
  const { cluster } = historyArn({ account, region }, "service-deployment", serviceDeploymentArn);
  try {
    return await callCluster(cluster, request);
  } catch (error) {
    // AWS: the operation declares no error for an unknown cluster.
    if (isClusterMissing(error)) refuseUnknown();
    throw error;
  }
}

const isClusterMissing = (error: unknown): boolean =>
  error instanceof Refusal && error.code === "ClusterNotFoundException";

function refuseUnknown(): never {
  refuse("ServiceDeploymentNotFoundException", "Service deployment not found.");
}
