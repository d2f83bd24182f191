import { SortedKeys } from "../ecs/sorted-keys.ts";
import type { Table } from "../ecs/tables/table.ts";
import type { Tables } from "../ecs/tables/tables.ts";
import type { ServiceStep } from "../service-machine/service-step.ts";
import { type LogGroup, logGroupKind } from "./log-group.ts";

/** The log groups of an account in a region. */
export type LogsState = {
  readonly groups: Table<LogGroup>;
  /** The names of all groups, in order. */
  readonly names: SortedKeys;
};

export type LogsStep = ServiceStep<LogsState>;

export function createLogsState(tables: Tables): LogsState {
  const groups = tables.of(logGroupKind);
  const names = new SortedKeys();
  groups.onChange((name, before, after) => {
    if (before === undefined && after !== undefined) names.add(name);
    if (before !== undefined && after === undefined) names.remove(name);
  });
  return { groups, names };
}
