import type { PartitionHead } from "../append-refusal.ts";
import type { EventHead } from "./event-rows.ts";

/** A row of the table `partitions`. */
export type PartitionRow = Readonly<Record<string, unknown>>;

export function eventHead({ id, last_sequence, event_bytes, forgotten }: PartitionRow): EventHead {
  const head = { id: Number(id), lastSequence: Number(last_sequence), bytes: Number(event_bytes) };
  return { ...head, forgotten: Number(forgotten) };
}

export function partitionHead({ epoch, last_sequence }: PartitionRow): PartitionHead {
  return { epoch: Number(epoch), lastSequence: Number(last_sequence) };
}

/** When the partition is needed (epoch milliseconds); null for never. */
export const neededAtOf = ({ needed_at }: PartitionRow): number | null =>
  needed_at === null ? null : Number(needed_at);
