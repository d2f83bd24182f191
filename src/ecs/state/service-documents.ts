import { must } from "../../lib/assert.ts";
import type { Deployment } from "../documents/deployment.ts";
import { type DeploymentProgress, noProgress } from "../documents/deployment-progress.ts";
import { type Rollout, targetOf } from "../documents/rollout.ts";
import { type ServiceCondition, unknownCondition } from "../documents/service-condition.ts";
import type { ClusterState } from "./cluster-state.ts";

/** How the deployments of a service go that is not INACTIVE. */
export const rolloutOf = (state: ClusterState, serviceName: string): Rollout =>
  must(state.rollouts.get(serviceName), "the rollout of a service that is not INACTIVE");

/** The deployment that a service is brought to that is not INACTIVE. */
export const targetOfService = (state: ClusterState, serviceName: string): Deployment =>
  targetOf(rolloutOf(state, serviceName));

/** What the tasks of a service's deployment have shown. */
export const progressOf = (state: ClusterState, serviceName: string, deploymentId: string): DeploymentProgress =>
  state.deploymentProgress.get(deploymentId) ?? noProgress(serviceName, deploymentId);

/** How a service is doing. */
export const conditionOf = (state: ClusterState, serviceName: string): ServiceCondition =>
  state.serviceConditions.get(serviceName) ?? unknownCondition(serviceName);
