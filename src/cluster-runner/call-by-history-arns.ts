/**
 * Calls that name service deployments or service revisions by ARN only. Each ARN names its cluster, and one call may name those of several.
 */
import type { Place } from "../ecs/arn.ts";
import { historyArn, historyCalls, missingArn } from "../ecs/deployments/history-arns.ts";
import { Refusal, refuse } from "../ecs/refusals.ts";
import type { ByHistoryArnsRow, OneHistoryArn, SeveralHistoryArns } from "../ecs/state/operation-row.ts";

type CallCluster = (cluster: string, request: object) => Promise<object>;
type Described = Readonly<Record<string, readonly object[]>> & { readonly failures: readonly object[] };

/** Answers a call of `row`'s operation from those of its clusters; rejects with its Refusal. */
export function callByHistoryArns(
  place: Place,
  { arns }: ByHistoryArnsRow,
  request: object,
  callCluster: CallCluster,
): Promise<object> {
  return "listed" in arns ? callSeveral(place, arns, request, callCluster) : callOne(place, arns, request, callCluster);
}

async function callSeveral(
  place: Place,
  arns: SeveralHistoryArns,
  request: object,
  callCluster: CallCluster,
): Promise<object> {
  const found: object[] = [];
  const failures: object[] = [];
  for (const [cluster, part] of historyCalls(place, arns, request)) {
    const reply = await answered(callCluster(cluster, part));
    found.push(...(reply?.[arns.listed] ?? []));
    failures.push(...(reply?.failures ?? Object.values(part).flat().map(missingArn)));
  }
  return { [arns.listed]: found, failures };
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

async function callOne(
  place: Place,
  { member, type, unknown }: OneHistoryArn,
  request: object,
  callCluster: CallCluster,
): Promise<object> {
  const text = (request as Readonly<Record<string, string | undefined>>)[member] ?? "";
  if (text === "") refuse("InvalidParameterException", `${member} can not be empty.`);
  const { cluster } = historyArn(place, type, text);
  try {
    return await callCluster(cluster, request);
  } catch (error) {
    if (isClusterMissing(error)) refuse(unknown.code, unknown.text);
    throw error;
  }
}

const isClusterMissing = (error: unknown): boolean =>
  error instanceof Refusal && error.code === "ClusterNotFoundException";
