import { freeAddress, privateDnsName } from "../documents/network-address.ts";
import { type Task, taskStatusDueAt } from "../documents/task.ts";
import { giveUpWaiting } from "../launch/waiting-retry.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { advance, wantStopped } from "../task-life/advance.ts";
import { deliverTask } from "../task-life/deliver-tasks.ts";

/** Does what is due for `task` at `step.now`. */
export function taskDue(step: ClusterStep, task: Task): void {
  const dueAt = taskStatusDueAt(task, step.timeline);
  if (dueAt !== null && dueAt <= step.now) {
    statusDue(step, task);
  } else if (task.protectedUntil !== null && task.protectedUntil <= step.now) {
    step.noteTask({ ...task, protectedUntil: null });
  }
}

function statusDue(step: ClusterStep, task: Task): void {
  switch (task.lastStatus) {
    case "PROVISIONING":
      if (task.waitingFor !== null) {
        giveUpWaiting(step, task);
        break;
      }
      step.changeTask(advance(withAddress(step, task), "network-interface-made", step.now));
      deliverTask(step, task.id);
      break;
    case "PENDING":
    case "ACTIVATING":
      // The agent stops whatever it has of the task.
      step.changeTask(wantStopped(task, "TaskFailedToStart", notStartedReason(task), step.now));
      deliverTask(step, task.id);
      break;
    case "DEACTIVATING":
      step.changeTask(advance(task, "targets-deregistered", step.now));
      deliverTask(step, task.id);
      break;
    case "DEPROVISIONING":
      step.changeTask(advance(task, "network-interface-gone", step.now));
      break;
    case "STOPPED":
      step.state.removeTask(task.id);
      break;
    default:
  }
}

/** AWS: the reason for an ENI that was never confirmed. AWS's text for a task that was not RUNNING in time is unknown. */
const notStartedReason = ({ lastStatus, attachments }: Task): string =>
  lastStatus === "PENDING" && attachments.length > 0
    ? "Timeout waiting for network interface provisioning to complete."
    : "Task failed to start: it was not RUNNING within three hours. See the reasons and health of its containers.";

/** Gives the task's ENI its addresses, as the network would. */
function withAddress(step: ClusterStep, task: Task): Task {
  const random = step.random("network-interface");
  const subnet = task.attachments[0]?.details.find(({ name }) => name === "subnetId")?.value ?? "";
  // Tasks of two clusters may meet on one host, so each cluster has its own block for a subnet.
  const address = freeAddress(`${step.clusterArn} ${subnet}`, step.state.taskAddresses, random);
  const mac = random.hex(10).replace(/../g, ":$&");
  const attachments = task.attachments.map((attachment) => ({
    ...attachment,
    details: [
      ...attachment.details,
      { name: "networkInterfaceId", value: `eni-${random.hex(17)}` },
      { name: "macAddress", value: `0a${mac}` },
      { name: "privateDnsName", value: privateDnsName(address, step.place.region) },
      { name: "privateIPv4Address", value: address },
    ],
  }));
  const attachmentId = task.attachments[0]?.id ?? "";
  const containers = task.containers.map((container) => ({
    ...container,
    networkInterfaces: [{ attachmentId, privateIpv4Address: address }],
  }));
  return { ...task, attachments, containers };
}
