import { submitAttachmentStateChanges } from "../agents/submit-attachment-state-changes.ts";
import { deleteAttributes } from "../attributes/delete-attributes.ts";
import { listAttributes } from "../attributes/list-attributes.ts";
import { putAttributes } from "../attributes/put-attributes.ts";
import { deregisterContainerInstance } from "../container-instances/deregister-container-instance.ts";
import { describeContainerInstances } from "../container-instances/describe-container-instances.ts";
import { listContainerInstances } from "../container-instances/list-container-instances.ts";
import { registerContainerInstance } from "../container-instances/register-container-instance.ts";
import { updateContainerAgent } from "../container-instances/update-container-agent.ts";
import { updateContainerInstancesState } from "../container-instances/update-container-instances-state.ts";
import { describeAlarms } from "../deployments/describe-alarms.ts";
import { describeServiceDeployments } from "../deployments/describe-service-deployments.ts";
import { describeServiceRevisions } from "../deployments/describe-service-revisions.ts";
import { listServiceDeployments } from "../deployments/list-service-deployments.ts";
import { setAlarmState } from "../deployments/set-alarm-state.ts";
import { stopServiceDeployment } from "../deployments/stop-service-deployment.ts";
import { cancelDrain } from "../drains/cancel-drain.ts";
import { describeDrain } from "../drains/describe-drain.ts";
import { planDrain } from "../drains/plan-drain.ts";
import { startDrain } from "../drains/start-drain.ts";
import { createService } from "../services/create-service.ts";
import { deleteService } from "../services/delete-service.ts";
import { describeServices } from "../services/describe-services.ts";
import { explainAnyPlacement } from "../services/explain-service-placement.ts";
import { listServices } from "../services/list-services.ts";
import { describeLostAgentPolicy, putLostAgentPolicy } from "../services/put-lost-agent-policy.ts";
import { updateService } from "../services/update-service.ts";
import type { Given } from "../state/call.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { listTagsInCluster, tagInCluster, untagInCluster } from "../tags/tag-in-cluster.ts";
import { submitContainerStateChange } from "../task-life/submit-container-state-change.ts";
import { submitTaskStateChange } from "../task-life/submit-task-state-change.ts";
import { describeTasks } from "../tasks/describe-tasks.ts";
import { getTaskProtection } from "../tasks/get-task-protection.ts";
import { listTasks } from "../tasks/list-tasks.ts";
import { runTask } from "../tasks/run-task.ts";
import { startTask } from "../tasks/start-task.ts";
import { stopTask } from "../tasks/stop-task.ts";
import { updateTaskProtection } from "../tasks/update-task-protection.ts";

/** An operation inside a cluster: reads and changes the state through the step, gives the reply or refuses. */
export type ClusterOperation = (step: ClusterStep, request: never, given: Given) => object;

/** Every operation that a cluster machine answers. */
export const clusterOperations: Readonly<Record<string, ClusterOperation>> = {
  CreateService: createService,
  CancelDrain: cancelDrain,
  DeleteAttributes: deleteAttributes,
  DeleteService: deleteService,
  DeregisterContainerInstance: deregisterContainerInstance,
  DescribeAlarms: describeAlarms,
  DescribeContainerInstances: describeContainerInstances,
  DescribeServiceDeployments: describeServiceDeployments,
  DescribeServiceRevisions: describeServiceRevisions,
  DescribeServices: describeServices,
  DescribeDrain: describeDrain,
  DescribeLostAgentPolicy: describeLostAgentPolicy,
  DescribeTasks: describeTasks,
  ExplainPlacement: explainAnyPlacement,
  GetTaskProtection: getTaskProtection,
  ListAttributes: listAttributes,
  ListContainerInstances: listContainerInstances,
  ListServiceDeployments: listServiceDeployments,
  ListServices: listServices,
  ListTagsForResource: listTagsInCluster,
  ListTasks: listTasks,
  PlanDrain: planDrain,
  PutAttributes: putAttributes,
  PutLostAgentPolicy: putLostAgentPolicy,
  RegisterContainerInstance: registerContainerInstance,
  RunTask: runTask,
  StartDrain: startDrain,
  SetAlarmState: setAlarmState,
  StartTask: startTask,
  StopServiceDeployment: stopServiceDeployment,
  StopTask: stopTask,
  SubmitAttachmentStateChanges: submitAttachmentStateChanges,
  SubmitContainerStateChange: submitContainerStateChange,
  SubmitTaskStateChange: submitTaskStateChange,
  TagResource: tagInCluster,
  UntagResource: untagInCluster,
  UpdateContainerAgent: updateContainerAgent,
  UpdateContainerInstancesState: updateContainerInstancesState,
  UpdateService: updateService,
  UpdateTaskProtection: updateTaskProtection,
};
