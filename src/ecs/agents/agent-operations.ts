import { inCluster } from "../state/named-resources.ts";
import type { OperationRows } from "../state/operation-row.ts";
import { submitContainerStateChange } from "../task-life/submit-container-state-change.ts";
import { submitTaskStateChange } from "../task-life/submit-task-state-change.ts";
import { submitAttachmentStateChanges } from "./submit-attachment-state-changes.ts";

/** The operations that agents call and users don't. */
export const agentOperations = {
  DiscoverPollEndpoint: {
    machine: "several",
    resources: inCluster({ containerInstance: "container-instance" }),
    level: "read",
    agents: ["cluster", "container-instance"],
    errors: [],
    undocumented: { zoneId: "The container agent names its availability zone, for endpoints that are close to it." },
    missing: "There is no Service Connect endpoint.",
  },
  SubmitAttachmentStateChanges: {
    machine: "cluster",
    handler: submitAttachmentStateChanges,
    resources: inCluster({ "attachments[].attachmentArn": "attachment" }),
    level: "speak",
    agents: ["cluster", "attachment"],
    errors: ["ClusterNotFoundException"],
  },
  SubmitContainerStateChange: {
    machine: "cluster",
    handler: submitContainerStateChange,
    resources: inCluster({ task: "task" }),
    level: "speak",
    agents: ["cluster", "task"],
    errors: ["ClusterNotFoundException"],
  },
  SubmitTaskStateChange: {
    machine: "cluster",
    handler: submitTaskStateChange,
    resources: inCluster({ task: "task", "attachments[].attachmentArn": "attachment" }),
    level: "speak",
    agents: ["cluster", "task", "attachment"],
    errors: ["ClusterNotFoundException"],
    missing: "`managedAgents` are ignored, because there is no ECS Exec.",
  },
} as const satisfies OperationRows;
