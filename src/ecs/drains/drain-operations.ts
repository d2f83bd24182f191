import { inCluster } from "../state/named-resources.ts";
import type { OperationRows } from "../state/operation-row.ts";
import { cancelDrain } from "./cancel-drain.ts";
import { describeDrain } from "./describe-drain.ts";
import { planDrain } from "./plan-drain.ts";
import { startDrain } from "./start-drain.ts";

/** Berth's own operations on drains. */
export const drainOperations = {
  CancelDrain: {
    machine: "cluster",
    handler: cancelDrain,
    resources: inCluster({ "containerInstances[]": "container-instance" }),
    level: "operate",
    errors: ["ClusterNotFoundException"],
    about:
      "Sets draining container instances back to ACTIVE and forgets their deadlines. Tasks that moved stay where they are.",
  },
  DescribeDrain: {
    machine: "cluster",
    handler: describeDrain,
    resources: inCluster({ "containerInstances[]": "container-instance" }),
    level: "read",
    errors: ["ClusterNotFoundException"],
    about: "The progress of drains: what is left on each container instance, and what keeps it there.",
  },
  PlanDrain: {
    machine: "cluster",
    handler: planDrain,
    resources: inCluster({ "containerInstances[]": "container-instance" }),
    level: "read",
    errors: ["ClusterNotFoundException"],
    about:
      "What a drain would do: which tasks would move where, which would stop, which can't leave and why. Changes nothing.",
  },
  StartDrain: {
    machine: "cluster",
    handler: startDrain,
    resources: inCluster({ "containerInstances[]": "container-instance" }),
    level: "operate",
    errors: ["ClusterNotFoundException"],
    about: "Sets container instances to DRAINING, as UpdateContainerInstancesState does, with an optional deadline.",
  },
} as const satisfies OperationRows;
