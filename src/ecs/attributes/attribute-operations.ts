import { inCluster } from "../state/named-resources.ts";
import type { OperationRows } from "../state/operation-row.ts";
import { deleteAttributes } from "./delete-attributes.ts";
import { listAttributes } from "./list-attributes.ts";
import { putAttributes } from "./put-attributes.ts";

/** The operations on attributes. */
export const attributeOperations = {
  DeleteAttributes: {
    machine: "cluster",
    handler: deleteAttributes,
    resources: inCluster({ "attributes[].targetId": "container-instance" }),
    level: "operate",
    errors: ["ClusterNotFoundException", "TargetNotFoundException"],
  },
  ListAttributes: {
    machine: "cluster",
    handler: listAttributes,
    resources: inCluster(),
    level: "read",
    errors: ["ClusterNotFoundException"],
  },
  PutAttributes: {
    machine: "cluster",
    handler: putAttributes,
    resources: inCluster({ "attributes[].targetId": "container-instance" }),
    level: "operate",
    errors: ["AttributeLimitExceededException", "ClusterNotFoundException", "TargetNotFoundException"],
  },
} as const satisfies OperationRows;
