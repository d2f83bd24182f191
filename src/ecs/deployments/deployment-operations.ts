import { inAccount, inCluster } from "../state/named-resources.ts";
import type { OperationRows } from "../state/operation-row.ts";
import { describeAlarms } from "./describe-alarms.ts";
import { describeServiceDeployments, serviceDeploymentArns } from "./describe-service-deployments.ts";
import { describeServiceRevisions, serviceRevisionArns } from "./describe-service-revisions.ts";
import { listServiceDeployments } from "./list-service-deployments.ts";
import { setAlarmState } from "./set-alarm-state.ts";
import { serviceDeploymentArn, stopServiceDeployment } from "./stop-service-deployment.ts";

/** The operations on service deployments and service revisions. */
export const deploymentOperations = {
  DescribeServiceDeployments: {
    machine: "by-history-arns",
    handler: describeServiceDeployments,
    arns: serviceDeploymentArns,
    resources: inAccount({ "serviceDeploymentArns[]": "arn" }),
    level: "read",
    errors: ["ClusterNotFoundException", "ServiceNotFoundException", "UnsupportedFeatureException"],
    missing: "Deployments are rolling: there are no lifecycle stages, hooks or traffic weights.",
  },
  DescribeServiceRevisions: {
    machine: "by-history-arns",
    handler: describeServiceRevisions,
    arns: serviceRevisionArns,
    resources: inAccount({ "serviceRevisionArns[]": "arn" }),
    level: "read",
    errors: ["ClusterNotFoundException", "ServiceNotFoundException", "UnsupportedFeatureException"],
    missing: "Images are shown without their digests; each task shows its own.",
  },
  ListServiceDeployments: {
    machine: "cluster",
    handler: listServiceDeployments,
    resources: inCluster({ service: "service" }),
    level: "read",
    errors: ["ClusterNotFoundException", "ServiceNotFoundException", "UnsupportedFeatureException"],
  },
  StopServiceDeployment: {
    machine: "by-history-arns",
    handler: stopServiceDeployment,
    arns: serviceDeploymentArn,
    resources: inAccount({ serviceDeploymentArn: "arn" }),
    level: "operate",
    errors: ["ConflictException", "ServiceDeploymentNotFoundException", "UnsupportedFeatureException"],
  },
} as const satisfies OperationRows;

/** Berth's own operations on the alarms that can fail a deployment. */
export const alarmOperations = {
  DescribeAlarms: {
    machine: "cluster",
    handler: describeAlarms,
    resources: inCluster(),
    level: "read",
    errors: ["ClusterNotFoundException"],
    about: "The alarms reported with SetAlarmState.",
  },
  SetAlarmState: {
    machine: "cluster",
    handler: setAlarmState,
    resources: inCluster(),
    level: "operate",
    errors: ["ClusterNotFoundException"],
    about:
      "Reports the state of an alarm; Berth measures nothing itself. A running deployment that names an alarm in state ALARM fails, and rolls back if it is configured to.",
  },
} as const satisfies OperationRows;
