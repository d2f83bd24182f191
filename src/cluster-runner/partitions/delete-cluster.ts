/**
 * DeleteCluster takes two machines, in order: the cluster closes itself, then the account marks it INACTIVE. In between, calls into the
 * cluster find it gone; whoever notices that informs the account.
 */

import type { Cluster } from "../../ecs/documents/cluster.ts";
import type { AccountInput, ClusterStanding } from "../../ecs/state/account-input.ts";
import type { Clock } from "../../lib/clock.ts";
import { NotDurableError } from "../runner-errors.ts";

/**
 * LIMIT: if the store fails for more than about ten minutes, this isn't the only thing that has halted; the next start finishes the
 * deletion.
 */
const attemptsMax = 120;
const pauseMs = 5_000;

/** A cluster whose machine is closed under this incarnation. */
export type ClosedCluster = Pick<Cluster, "name" | "incarnation">;

export type Deletion = {
  /** Submits to the machine of the account. */
  readonly account: (input: AccountInput) => Promise<unknown>;
  /** Records in the cluster that the account knows of its deletion, and may have created it again since. Never rejects. */
  readonly told: (cluster: ClosedCluster, isCreatedAgain: boolean) => Promise<void>;
};

/** The reply of DeleteCluster. `close` closes the cluster's machine. Rejects with the Refusal, or with the machines' errors. */
export async function deleteCluster(
  deletion: Deletion,
  close: (cluster: ClosedCluster) => Promise<void>,
  reference: string | undefined,
  clock: Clock,
): Promise<object> {
  const { name, incarnation } = (await deletion.account({ type: "resolve-cluster", reference })) as Cluster;
  const cluster = { name, incarnation };
  await close(cluster);
  try {
    const reply = (await deletion.account({ type: "cluster-closed", ...cluster })) as object;
    void deletion.told(cluster, false);
    return reply;
  } catch (error) {
    if (error instanceof NotDurableError) finishInTheEnd(deletion, cluster, clock).catch(() => {});
    throw error;
  }
}

/** The store failed for a moment: retry until it is back, because nobody may call DeleteCluster again. */
async function finishInTheEnd(deletion: Deletion, cluster: ClosedCluster, clock: Clock): Promise<void> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    try {
      const found = await tellAccount(deletion, cluster);
      if (found !== "forgotten") await deletion.told(cluster, found === "created-again");
      return;
    } catch (error) {
      if (!(error instanceof NotDurableError)) throw error;
      await new Promise<void>((resolve) => clock.setTimer(pauseMs, resolve));
    }
  }
}

/**
 * What the account knows about a closed cluster: it learned of it just now, it knew, the name belongs to a later cluster, or it doesn't
 * know the name.
 */
export type FoundStanding = "told-now" | "known" | "created-again" | "forgotten";

/** Informs the account about a closed cluster unless it knows. If the store fails, rejects and keeps trying. */
export async function finishDeleteCluster(
  deletion: Deletion,
  cluster: ClosedCluster,
  clock: Clock,
): Promise<FoundStanding> {
  try {
    const found = await tellAccount(deletion, cluster);
    if (found !== "forgotten") await deletion.told(cluster, found === "created-again");
    return found;
  } catch (error) {
    if (error instanceof NotDurableError) finishInTheEnd(deletion, cluster, clock).catch(() => {});
    throw error;
  }
}

async function tellAccount({ account }: Deletion, { name, incarnation }: ClosedCluster): Promise<FoundStanding> {
  const standing = (await account({ type: "cluster-standing", name })) as ClusterStanding | null;
  if (standing === null) return "forgotten";
  if (standing.incarnation !== incarnation) return "created-again";
  if (standing.status !== "ACTIVE") return "known";
  await account({ type: "cluster-closed", name, incarnation });
  return "told-now";
}
