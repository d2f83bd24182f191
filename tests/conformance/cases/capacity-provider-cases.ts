import assert from "node:assert/strict";
import { must } from "../../../src/lib/assert.ts";
import { answers, type Cases, type Given, refuses } from "./given.ts";

const group = (autoScalingGroupArn: string, more: object = {}) => ({
  autoScalingGroupProvider: { autoScalingGroupArn, ...more },
});

const doesNotExist = "The specified capacity provider does not exist. Specify a valid name or ARN and try again.";

async function describe({ ecs }: Given, name: string) {
  const { capacityProviders } = await ecs.describeCapacityProviders({ capacityProviders: [name], include: ["TAGS"] });
  return must(capacityProviders?.[0], "the capacity provider");
}

export const capacityProviderCases: Cases = {
  answers: [
    answers("CreateCapacityProvider", "the provider is described as it was created", async (given) => {
      const tags = [{ key: "team", value: "web" }];
      const { capacityProvider } = await given.ecs.createCapacityProvider({
        name: "made",
        ...group("made-group", { managedScaling: { status: "DISABLED", targetCapacity: 90 } }),
        tags,
      });
      assert.deepEqual(
        [capacityProvider?.status, capacityProvider?.type, capacityProvider?.tags],
        ["ACTIVE", "EC2_AUTOSCALING", tags],
      );
      assert.deepEqual(capacityProvider?.autoScalingGroupProvider, {
        autoScalingGroupArn: "made-group",
        managedScaling: { status: "DISABLED", targetCapacity: 90 },
        managedTerminationProtection: "DISABLED",
        managedDraining: "DISABLED",
      });
      assert.deepEqual(await describe(given, "made"), capacityProvider);
      const resourceArn = must(capacityProvider?.capacityProviderArn, "the ARN");
      await given.ecs.tagResource({ resourceArn, tags: [{ key: "stage", value: "test" }] });
      await given.ecs.untagResource({ resourceArn, tagKeys: ["team"] });
      assert.deepEqual((await given.ecs.listTagsForResource({ resourceArn })).tags, [{ key: "stage", value: "test" }]);
    }),
    answers("UpdateCapacityProvider", "settings of scaling change, the rest stays", async (given) => {
      await given.ecs.createCapacityProvider({ name: "changed", ...group("changed-group") });
      const { capacityProvider } = await given.ecs.updateCapacityProvider({
        name: "changed",
        autoScalingGroupProvider: { managedScaling: { status: "DISABLED", instanceWarmupPeriod: 60 } },
      });
      assert.equal(capacityProvider?.updateStatus, "UPDATE_COMPLETE");
      const { autoScalingGroupProvider } = await describe(given, "changed");
      assert.deepEqual(
        [autoScalingGroupProvider?.autoScalingGroupArn, autoScalingGroupProvider?.managedScaling],
        ["changed-group", { status: "DISABLED", instanceWarmupPeriod: 60 }],
      );
    }),
    answers(
      "DeleteCapacityProvider",
      "one that a cluster has stays, and goes once no cluster has it",
      async (given) => {
        const { ecs } = given;
        await ecs.createCapacityProvider({ name: "deleted", ...group("deleted-group") });
        await ecs.createCluster({ clusterName: "has-it", capacityProviders: ["deleted"] });
        const kept = (await ecs.deleteCapacityProvider({ capacityProvider: "deleted" })).capacityProvider;
        assert.deepEqual([kept?.status, kept?.updateStatus], ["ACTIVE", "DELETE_FAILED"]);
        assert.match(kept?.updateStatusReason ?? "", /associated with cluster: has-it\. Remove/);
        await ecs.deleteCluster({ cluster: "has-it" });
        const gone = (await ecs.deleteCapacityProvider({ capacityProvider: "deleted" })).capacityProvider;
        assert.deepEqual([gone?.status, gone?.updateStatus], ["INACTIVE", "DELETE_COMPLETE"]);
        assert.equal((await describe(given, "deleted")).status, "INACTIVE");
      },
    ),
  ],
  refusals: [
    refuses("CreateCapacityProvider", "no name", () => group("g"), "InvalidParameterException"),
    refuses(
      "CreateCapacityProvider",
      "a reserved beginning",
      () => ({ name: "ecs-racks", ...group("g") }),
      "InvalidParameterException",
      /cannot be prefixed with "aws", "ecs", or "fargate"/,
    ),
    refuses("CreateCapacityProvider", "no group", () => ({ name: "no-group" }), "InvalidParameterException"),
    refuses(
      "CreateCapacityProvider",
      "a name that is taken",
      () => ({ name: "made", ...group("g") }),
      "ClientException",
      "The specified capacity provider already exists. To change the configuration of an existing capacity provider, update the capacity provider.",
    ),
    refuses(
      "CreateCapacityProvider",
      "a group that is taken",
      () => ({ name: "new", ...group("made-group") }),
      "ClientException",
      /already being used by another capacity provider/,
    ),
    refuses(
      "CreateCapacityProvider",
      "managed scaling",
      () => ({ name: "new", ...group("g", { managedScaling: { status: "ENABLED" } }) }),
      "UnsupportedFeatureException",
      /starts and ends no machines/,
    ),
    refuses(
      "CreateCapacityProvider",
      "Managed Instances",
      ({ cluster }) => ({
        name: "new",
        cluster,
        managedInstancesProvider: { infrastructureRoleArn: "r", instanceLaunchTemplate: {} },
      }),
      "UnsupportedFeatureException",
    ),
    refuses(
      "UpdateCapacityProvider",
      "an unknown provider",
      () => ({ name: "none", autoScalingGroupProvider: {} }),
      "ClientException",
      doesNotExist,
    ),
    refuses(
      "UpdateCapacityProvider",
      "one of Fargate",
      () => ({ name: "FARGATE", autoScalingGroupProvider: {} }),
      "InvalidParameterException",
      /reserved/,
    ),
    refuses(
      "DeleteCapacityProvider",
      "an unknown provider",
      () => ({ capacityProvider: "none" }),
      "ClientException",
      doesNotExist,
    ),
    refuses(
      "DeleteCapacityProvider",
      "one of Fargate",
      () => ({ capacityProvider: "FARGATE_SPOT" }),
      "InvalidParameterException",
      /reserved/,
    ),
    refuses(
      "PutClusterCapacityProviders",
      "Fargate together with others in a strategy",
      ({ cluster }) => ({
        cluster,
        capacityProviders: ["made", "FARGATE"],
        defaultCapacityProviderStrategy: ["made", "FARGATE"].map((capacityProvider) => ({
          capacityProvider,
          weight: 1,
        })),
      }),
      "InvalidParameterException",
      "A capacity provider strategy cannot contain a mix of capacity providers using Auto Scaling groups and Fargate providers. Specify one or the other and try again.",
    ),
  ],
};
