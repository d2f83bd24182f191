import type { ContainerInstance } from "../documents/container-instance.ts";
import type { ManagedHost } from "../documents/managed-host.ts";
import type { Task } from "../documents/task.ts";
import type { ResourceBook } from "../indexes/resource-book.ts";
import type { SortedKeys } from "../sorted-keys.ts";
import type { Table } from "../tables/table.ts";
import type { PlacementIndex } from "./placement-index.ts";

/** The parts of a cluster that placement reads. */
export type Fleet = {
  readonly instances: Table<ContainerInstance>;
  readonly instanceIds: SortedKeys;
  readonly managedHosts: Table<ManagedHost>;
  readonly tasks: Table<Task>;
  readonly book: ResourceBook;
  readonly placement: PlacementIndex;
};
