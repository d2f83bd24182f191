/**
 * DeleteCluster takes two machines, one after the other: the cluster closes itself, then the account marks it INACTIVE.
 * Between the two the cluster is gone for every call that is made inside it; whoever finds it so tells the account.
 */
import type { AccountInput } from "../ecs/account-input.ts";
import type { ClusterInput } from "../ecs/cluster-input.ts";
import type { Cluster } from "../ecs/clusters/cluster.ts";
import type { AccountEffect, ClusterEffect } from "../ecs/effect.ts";
import type { MachineRunner } from "./machine-runner.ts";
import { NotDurableError } from "./runner-errors.ts";

type AccountRunner = MachineRunner<AccountInput, AccountEffect>;
type ClusterRunner = MachineRunner<ClusterInput, ClusterEffect>;

/** The reply of DeleteCluster; rejects with its Refusal, or with what the runners reject with. */
export async function deleteCluster(
  account: AccountRunner,
  clusterOf: (name: string) => ClusterRunner,
  reference: string | undefined,
): Promise<object> {
  const { name, incarnation } = (await account.submit({ type: "resolve-cluster", reference })) as Cluster;
  await clusterOf(name).submit({ type: "close", incarnation });
  try {
    return (await account.submit({ type: "cluster-closed", name, incarnation })) as object;
  } catch (error) {
    // The store failed for a moment: once more when it is back, as nobody might call DeleteCluster again.
    if (error instanceof NotDurableError) finishDeleteCluster(account, name, incarnation).catch(() => {});
    throw error;
  }
}

/** Tells the account of a cluster that closed under `incarnation`; true when it had not heard of it. */
export async function finishDeleteCluster(account: AccountRunner, name: string, incarnation: number): Promise<boolean> {
  const answer = await account.answer({ type: "resolve-cluster", reference: name });
  if (!answer.ok || (answer.value as Cluster).incarnation !== incarnation) return false;
  await account.submit({ type: "cluster-closed", name, incarnation });
  return true;
}
