import { deleteAccountSetting } from "../account-settings/delete-account-setting.ts";
import { listAccountSettings } from "../account-settings/list-account-settings.ts";
import { putAccountSetting } from "../account-settings/put-account-setting.ts";
import { putAccountSettingDefault } from "../account-settings/put-account-setting-default.ts";
import { createCapacityProvider } from "../capacity-providers/create-capacity-provider.ts";
import { deleteCapacityProvider } from "../capacity-providers/delete-capacity-provider.ts";
import { describeCapacityProviders } from "../capacity-providers/describe-capacity-providers.ts";
import { updateCapacityProvider } from "../capacity-providers/update-capacity-provider.ts";
import { createCluster } from "../clusters/create-cluster.ts";
import { describeClusters } from "../clusters/describe-clusters.ts";
import { listClusters } from "../clusters/list-clusters.ts";
import { putClusterCapacityProviders } from "../clusters/put-cluster-capacity-providers.ts";
import { updateCluster } from "../clusters/update-cluster.ts";
import { updateClusterSettings } from "../clusters/update-cluster-settings.ts";
import { listServicesByNamespace } from "../services/list-services-by-namespace.ts";
import type { AccountGiven } from "../state/account-input.ts";
import type { AccountStep } from "../state/account-step.ts";
import { listTagsForResource } from "../tags/list-tags-for-resource.ts";
import { tagResource } from "../tags/tag-resource.ts";
import { untagResource } from "../tags/untag-resource.ts";
import { deleteTaskDefinitions } from "../task-definitions/delete-task-definitions.ts";
import { deregisterTaskDefinition } from "../task-definitions/deregister-task-definition.ts";
import { describeTaskDefinition } from "../task-definitions/describe-task-definition.ts";
import { listTaskDefinitionFamilies } from "../task-definitions/list-task-definition-families.ts";
import { listTaskDefinitions } from "../task-definitions/list-task-definitions.ts";
import { registerTaskDefinition } from "../task-definitions/register-task-definition.ts";

/** Answers one operation in API shape. The request is what `wire` parsed by the operation's own shape. */
export type AccountOperation = (step: AccountStep, request: object, given: AccountGiven) => object;

/**
 * The operations of the account machine by name. The tag operations here are those of clusters, task definitions and capacity providers;
 * what lives inside a cluster is tagged by its cluster machine. DeleteCluster is no single call but two inputs.
 */
export const accountOperations: ReadonlyMap<string, AccountOperation> = new Map<string, AccountOperation>([
  ["CreateCluster", createCluster],
  ["DescribeClusters", describeClusters],
  ["ListClusters", listClusters],
  ["UpdateCluster", updateCluster],
  ["UpdateClusterSettings", updateClusterSettings],
  ["PutClusterCapacityProviders", putClusterCapacityProviders],
  ["CreateCapacityProvider", createCapacityProvider],
  ["UpdateCapacityProvider", updateCapacityProvider],
  ["DeleteCapacityProvider", deleteCapacityProvider],
  ["DescribeCapacityProviders", describeCapacityProviders],
  ["RegisterTaskDefinition", registerTaskDefinition],
  ["DeregisterTaskDefinition", deregisterTaskDefinition],
  ["DeleteTaskDefinitions", deleteTaskDefinitions],
  ["DescribeTaskDefinition", describeTaskDefinition],
  ["ListTaskDefinitions", listTaskDefinitions],
  ["ListTaskDefinitionFamilies", listTaskDefinitionFamilies],
  ["PutAccountSetting", putAccountSetting],
  ["PutAccountSettingDefault", putAccountSettingDefault],
  ["DeleteAccountSetting", deleteAccountSetting],
  ["ListAccountSettings", listAccountSettings],
  ["ListServicesByNamespace", listServicesByNamespace],
  ["TagResource", tagResource],
  ["UntagResource", untagResource],
  ["ListTagsForResource", listTagsForResource],
]);
