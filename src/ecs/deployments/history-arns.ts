import { arnPath, type Place } from "../arn.ts";
import { refuse } from "../refusals.ts";
import type { HistoryType, SeveralHistoryArns } from "../state/operation-row.ts";

/** What the ARN of a service deployment or service revision identifies. */
export type HistoryArn = { readonly cluster: string; readonly service: string; readonly id: string };

/**
 * The parts of the ARN of a service deployment or service revision. Refuses what `arnPath` refuses, and non-ARNs with
 * InvalidParameterException.
 */
export function historyArn(place: Place, type: HistoryType, text: string): HistoryArn {
  if (!text.startsWith("arn:")) {
    refuse("InvalidParameterException", `Invalid identifier: ${text} is not the ARN of a ${type.replace("-", " ")}.`);
  }
  const [cluster = "", service = "", id = ""] = arnPath(place, type, text, { min: 3, max: 3 });
  return { cluster, service, id };
}

/** The ARNs of a describing call. Refuses an empty or overlong list with InvalidParameterException. */
export function historyArns({ member, max }: SeveralHistoryArns, request: object): readonly string[] {
  const arns = (request as Partial<Record<string, readonly string[]>>)[member] ?? [];
  if (arns.length === 0) refuse("InvalidParameterException", `${member} can not be empty.`);
  if (arns.length > max) refuse("InvalidParameterException", `${member} can have at most ${max} items.`);
  return arns;
}

/**
 * Splits a describing call into one request for each cluster that owns some of its ARNs. Refuses what `historyArns` and `historyArn`
 * refuse.
 */
export function historyCalls(place: Place, where: SeveralHistoryArns, request: object): ReadonlyMap<string, object> {
  const byCluster = new Map<string, string[]>();
  for (const arn of historyArns(where, request)) {
    const { cluster } = historyArn(place, where.type, arn);
    byCluster.set(cluster, [...(byCluster.get(cluster) ?? []), arn]);
  }
  return new Map([...byCluster].map(([cluster, arns]) => [cluster, { [where.member]: arns }]));
}

/** The failure for an ARN without a resource. */
export const missingArn = (arn: string): { arn: string; reason: "MISSING" } => ({ arn, reason: "MISSING" });
