import { inAccount } from "../state/named-resources.ts";
import type { OperationRows } from "../state/operation-row.ts";
import { listTagsForResource } from "./list-tags-for-resource.ts";
import { listTagsInCluster, tagInCluster, untagInCluster } from "./tag-in-cluster.ts";
import { tagResource } from "./tag-resource.ts";
import { untagResource } from "./untag-resource.ts";

/** The operations on tags. The ARN decides whether the account or a cluster answers. */
export const tagOperations = {
  ListTagsForResource: {
    machine: "by-arn",
    handlers: { account: listTagsForResource, cluster: listTagsInCluster },
    resources: inAccount({ resourceArn: "arn" }),
    level: "read",
    agents: ["container-instance", "task"],
    tasks: ["task"],
    errors: ["ClusterNotFoundException"],
    missing: "There are no task sets.",
  },
  TagResource: {
    machine: "by-arn",
    handlers: { account: tagResource, cluster: tagInCluster },
    resources: inAccount({ resourceArn: "arn" }),
    level: "operate",
    errors: ["ClusterNotFoundException", "LimitExceededException", "ResourceNotFoundException"],
    missing: "There are no task sets to tag.",
  },
  UntagResource: {
    machine: "by-arn",
    handlers: { account: untagResource, cluster: untagInCluster },
    resources: inAccount({ resourceArn: "arn" }),
    level: "operate",
    errors: ["ClusterNotFoundException", "ResourceNotFoundException"],
    missing: "There are no task sets to untag.",
  },
} as const satisfies OperationRows;
