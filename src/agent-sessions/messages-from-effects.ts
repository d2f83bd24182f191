import type { AttachTaskNetworkInterfacesMessage } from "../agent-protocol/to-agent/attach-task-network-interfaces.ts";
import type { IamRoleCredentialsMessage } from "../agent-protocol/to-agent/iam-role-credentials.ts";
import type { PayloadMessage } from "../agent-protocol/to-agent/payload.ts";
import type { TaskManifestMessage } from "../agent-protocol/to-agent/task-manifest.ts";
import type { TaskStopVerificationAck } from "../agent-protocol/to-agent/task-stop-verification-ack.ts";
import { waitsForInterface } from "../ecs/documents/task.ts";
import type { HostEffect, TaskOrder } from "../ecs/state/effect.ts";
import { networkInterfaces, payloadTask } from "./payload/task-payload.ts";
import { type TaskCredentialsOf, withoutCredentials } from "./payload/task-roles.ts";

export type SessionIdentity = {
  readonly instanceId: string;
  readonly containerInstanceArn: string;
  readonly clusterArn: string;
  attachmentArn(id: string): string;
};

/** What each message carries in addition to its content. */
export type Postmark = { readonly messageId: string; readonly now: number };

type EffectOf<Type extends HostEffect["type"]> = Extract<HostEffect, { readonly type: Type }>;

/** The addressee of a message, in the form that its acknowledgement repeats. */
export function addressed(identity: SessionIdentity, messageId: string) {
  return { messageId, clusterArn: identity.clusterArn, containerInstanceArn: identity.containerInstanceArn };
}

/**
 * The orders for an agent now. AWS: a task that waits for its network interface follows once its agent has confirmed the
 * interface: before, there is nothing to start its containers in.
 */
export const ordersNow = (orders: readonly TaskOrder[]): readonly TaskOrder[] =>
  orders.filter(({ task }) => task.desiredStatus === "STOPPED" || !waitsForInterface(task));

export function payloadFrom(
  effect: Pick<EffectOf<"deliver-tasks">, "sequence" | "orders">,
  identity: SessionIdentity,
  { messageId, now }: Postmark,
  credentialsOf: TaskCredentialsOf = withoutCredentials,
): PayloadMessage {
  return {
    type: "PayloadMessage",
    message: {
      ...addressed(identity, messageId),
      seqNum: effect.sequence,
      generatedAt: now,
      tasks: effect.orders.map((order) => payloadTask(order, (id) => identity.attachmentArn(id), credentialsOf)),
    },
  };
}

/** A message for each role of each task. */
export function credentialsFrom(
  effect: EffectOf<"deliver-credentials">,
  identity: SessionIdentity,
  credentialsOf: TaskCredentialsOf,
  messageId: () => string,
): readonly IamRoleCredentialsMessage[] {
  return effect.orders.flatMap((order) => {
    const { roleCredentials, executionRoleCredentials } = credentialsOf(order);
    const message = (
      roleType: "TaskApplication" | "TaskExecution",
      credentials: typeof roleCredentials,
    ): IamRoleCredentialsMessage[] => {
      if (credentials == null) return [];
      const address = { messageId: messageId(), taskArn: order.task.arn, taskClusterArn: identity.clusterArn };
      return [{ type: "IAMRoleCredentialsMessage", message: { ...address, roleType, roleCredentials: credentials } }];
    };
    return [...message("TaskApplication", roleCredentials), ...message("TaskExecution", executionRoleCredentials)];
  });
}

/** For each task that waits for a network interface: the interface and how long to look for it. */
export function attachmentsFrom(
  effect: EffectOf<"deliver-tasks">,
  identity: SessionIdentity,
  { now, waitTimeoutMs }: { readonly now: number; readonly waitTimeoutMs: number },
  messageId: () => string,
): readonly AttachTaskNetworkInterfacesMessage[] {
  return effect.orders
    .map((order) => order.task)
    .filter((task) => task.desiredStatus === "RUNNING" && waitsForInterface(task))
    .map((task) => ({
      type: "AttachTaskNetworkInterfacesMessage",
      message: {
        ...addressed(identity, messageId()),
        taskArn: task.arn,
        taskClusterArn: identity.clusterArn,
        waitTimeoutMs,
        generatedAt: now,
        elasticNetworkInterfaces: networkInterfaces(task, (id) => identity.attachmentArn(id)),
      },
    }));
}

export function manifestFrom(
  effect: EffectOf<"deliver-manifest">,
  identity: SessionIdentity,
  { messageId, now }: Postmark,
): TaskManifestMessage {
  const taskClusterArn = identity.clusterArn;
  return {
    type: "TaskManifestMessage",
    message: {
      ...addressed(identity, messageId),
      generatedAt: now,
      timeline: effect.sequence,
      tasks: effect.tasks.map(({ arn, desiredStatus }) => ({ taskArn: arn, taskClusterArn, desiredStatus })),
    },
  };
}

export function stopConfirmationFrom(
  effect: EffectOf<"confirm-stops">,
  identity: SessionIdentity,
  now: number,
): TaskStopVerificationAck {
  const taskClusterArn = identity.clusterArn;
  return {
    type: "TaskStopVerificationAck",
    message: {
      messageId: effect.messageId,
      generatedAt: now,
      stopTasks: effect.taskArns.map((taskArn) => ({ taskArn, taskClusterArn, desiredStatus: "STOPPED" })),
    },
  };
}
