/**
 * DeleteCluster takes two machines, one after the other: the cluster closes itself, then the account marks it INACTIVE.
 * Between the two the cluster is gone for every call that is made inside it; whoever finds it so tells the account.
 */
import type { AccountInput } from "../ecs/account-input.ts";
import type { ClusterInput } from "../ecs/cluster-input.ts";
import type { Cluster } from "../ecs/clusters/cluster.ts";
import type { AccountEffect, ClusterEffect } from "../ecs/effect.ts";
import type { Clock } from "../lib/clock.ts";
import type { MachineRunner } from "./machine-runner.ts";
import { NotDurableError } from "./runner-errors.ts";

type AccountRunner = MachineRunner<AccountInput, AccountEffect>;
type ClusterRunner = MachineRunner<ClusterInput, ClusterEffect>;

/** LIMIT: a store that fails for longer than some ten minutes has halted more than this; the next start finishes what is left. */
const attemptsMax = 120;
const pauseMs = 5_000;

/** The reply of DeleteCluster; rejects with its Refusal, or with what the runners reject with. */
export async function deleteCluster(
  account: AccountRunner,
  clusterOf: (name: string) => ClusterRunner,
  reference: string | undefined,
  clock: Clock,
): Promise<object> {
  const { name, incarnation } = (await account.submit({ type: "resolve-cluster", reference })) as Cluster;
  await clusterOf(name).submit({ type: "close", incarnation });
  try {
    return (await account.submit({ type: "cluster-closed", name, incarnation })) as object;
  } catch (error) {
    if (error instanceof NotDurableError) finishInTheEnd(account, name, incarnation, clock).catch(() => {});
    throw error;
  }
}

/** The store failed for a moment: again until it is back, as nobody might call DeleteCluster again. */
async function finishInTheEnd(account: AccountRunner, name: string, incarnation: number, clock: Clock): Promise<void> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    try {
      await tellAccount(account, name, incarnation);
      return;
    } catch (error) {
      if (!(error instanceof NotDurableError)) throw error;
      await new Promise<void>((resolve) => clock.setTimer(pauseMs, resolve));
    }
  }
}

/**
 * Tells the account of a cluster that closed under `incarnation`; true when it had not heard of it. When the store fails it
 * rejects, and goes on trying.
 */
export async function finishDeleteCluster(
  account: AccountRunner,
  name: string,
  incarnation: number,
  clock: Clock,
): Promise<boolean> {
  try {
    return await tellAccount(account, name, incarnation);
  } catch (error) {
    if (error instanceof NotDurableError) finishInTheEnd(account, name, incarnation, clock).catch(() => {});
    throw error;
  }
}

async function tellAccount(account: AccountRunner, name: string, incarnation: number): Promise<boolean> {
  const answer = await account.answer({ type: "resolve-cluster", reference: name });
  if (!answer.ok || (answer.value as Cluster).incarnation !== incarnation) return false;
  await account.submit({ type: "cluster-closed", name, incarnation });
  return true;
}
