import { instanceDue } from "../container-instances/instance-timers.ts";
import { drainDue } from "../drains/drain-deadline.ts";
import { managedHostDue } from "../fargate/hosts-for-tasks.ts";
import { placeWaitingTasks } from "../launch/waiting-retry.ts";
import { serviceDue } from "../rollout/forget-service.ts";
import { serviceDeploymentDue } from "../rollout/service-history.ts";
import { lookAtDaemonsBehind } from "../service-look/run-looks.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { taskDue } from "../tasks/task-timers.ts";

// LIMIT: a step holds the event loop; what is due beyond this comes in the next step, which follows at once.
const dueMax = 500;

/** Does what is due at `step.now`. Entries may be stale: each looks at its document before it does anything. */
export function runDue(step: ClusterStep): void {
  const waitingAt = step.state.waitingTasks.lookAt(step.timeline);
  if (waitingAt !== null && waitingAt <= step.now) lookAtDaemonsBehind(step);
  placeWaitingTasks(step);
  for (let done = 0; done < dueMax; done++) {
    const due = step.state.takeDue(step.now);
    if (due === undefined) return;
    switch (due.kind) {
      case "task": {
        const task = step.state.tasks.get(due.key);
        if (task !== undefined) taskDue(step, task);
        break;
      }
      case "container-instance": {
        const instance = step.state.instances.get(due.key);
        if (instance !== undefined) instanceDue(step, instance);
        break;
      }
      case "drain":
        drainDue(step, due.key);
        break;
      case "managed-host": {
        const host = step.state.managedHosts.get(due.key);
        if (host !== undefined) managedHostDue(step, host);
        break;
      }
      case "run-task-token":
        if ((step.state.runTaskTokens.get(due.key)?.expiresAt ?? 0) <= step.now)
          step.state.runTaskTokens.delete(due.key);
        break;
      case "registration-token":
        if ((step.state.registrationTokens.get(due.key)?.expiresAt ?? 0) <= step.now) {
          step.state.registrationTokens.delete(due.key);
        }
        break;
      case "service": {
        const service = step.state.services.get(due.key);
        if (service !== undefined) serviceDue(step, service);
        break;
      }
      case "service-deployment": {
        const deployment = step.state.serviceDeployments.get(due.key);
        if (deployment !== undefined) serviceDeploymentDue(step, deployment);
        break;
      }
      default:
    }
  }
}
