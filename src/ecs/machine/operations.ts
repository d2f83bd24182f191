/** All operations, ECS's and Berth's own, each with its row. There is no other table of operations. */
import { accountSettingOperations } from "../account-settings/account-setting-operations.ts";
import { agentOperations } from "../agents/agent-operations.ts";
import { attributeOperations } from "../attributes/attribute-operations.ts";
import { capacityProviderOperations } from "../capacity-providers/capacity-provider-operations.ts";
import { clusterOperations } from "../clusters/cluster-operations.ts";
import { containerInstanceOperations } from "../container-instances/container-instance-operations.ts";
import { alarmOperations, deploymentOperations } from "../deployments/deployment-operations.ts";
import { drainOperations } from "../drains/drain-operations.ts";
import { addedServiceOperations, serviceOperations } from "../services/service-operations.ts";
import type { AccountOperation, AnsweredRow, ClusterOperation, OperationRow } from "../state/operation-row.ts";
import { tagOperations } from "../tags/tag-operations.ts";
import { taskDefinitionOperations } from "../task-definitions/task-definition-operations.ts";
import { taskOperations } from "../tasks/task-operations.ts";
import { absentOperations } from "./absent-operations.ts";

/** Every operation of the ECS API. A test compares the names with the official SDK. */
export const ecsOperations = {
  ...absentOperations,
  ...accountSettingOperations,
  ...agentOperations,
  ...attributeOperations,
  ...capacityProviderOperations,
  ...clusterOperations,
  ...containerInstanceOperations,
  ...deploymentOperations,
  ...serviceOperations,
  ...tagOperations,
  ...taskDefinitionOperations,
  ...taskOperations,
};

/** Every operation that Berth adds. None has a name from ECS. */
export const berthOperations = { ...addedServiceOperations, ...alarmOperations, ...drainOperations };

const rows = { ...ecsOperations, ...berthOperations };

/** The names of rows of the type `Row`. */
type NamesOf<Row> = { [Name in keyof typeof rows]: (typeof rows)[Name] extends Row ? Name : never }[keyof typeof rows];

export type EcsOperationName = keyof typeof ecsOperations;
export type BerthOperationName = keyof typeof berthOperations;
export type OperationName = EcsOperationName | BerthOperationName;
/** The names of operations that Berth supports, in full or in part. */
export type AnsweredName = NamesOf<AnsweredRow>;
/** The names of operations answered from several machines. */
export type SeveralMachinesName = NamesOf<{ readonly machine: "several" }>;

/** The row of an operation. */
export function rowOf(operation: AnsweredName): AnsweredRow;
export function rowOf(operation: OperationName): OperationRow;
export function rowOf(operation: OperationName): OperationRow {
  return rows[operation];
}

/** True if Berth supports the operation, in full or in part. */
export const isAnsweredName = (operation: OperationName): operation is AnsweredName => rows[operation].machine !== null;

/** The names of all operations that Berth supports. */
export const answeredNames: readonly AnsweredName[] = (Object.keys(rows) as OperationName[])
  .filter(isAnsweredName)
  .sort();

const accountHandlers = new Map<string, AccountOperation>();
const clusterHandlers = new Map<string, ClusterOperation>();
for (const [name, row] of Object.entries<OperationRow>(rows)) {
  if (row.machine === "account") accountHandlers.set(name, row.handler);
  // A handler gets at least what its row asks for.
  if (row.machine === "cluster") clusterHandlers.set(name, row.handler as ClusterOperation);
  if (row.machine === "by-history-arns") clusterHandlers.set(name, row.handler);
  if (row.machine !== "by-arn") continue;
  accountHandlers.set(name, row.handlers.account);
  clusterHandlers.set(name, row.handlers.cluster);
}

/** The handler of an operation in an account's machine; undefined if another machine answers it. */
export const accountHandler = (operation: string): AccountOperation | undefined => accountHandlers.get(operation);

/** The handler of an operation in a cluster's machine; undefined if another machine answers it. */
export const clusterHandler = (operation: string): ClusterOperation | undefined => clusterHandlers.get(operation);
