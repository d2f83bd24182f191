import assert from "node:assert/strict";
import { arnPrefix, idOf, register } from "../world.ts";
import { answers, type Cases, type Given, nobody, refuses, refusesBadPages, refusesOtherClusters } from "./given.ts";

const one = (targetId: string) => [{ name: "stack", value: "x", targetType: "container-instance", targetId }];

const numbered = (count: number, targetId: string) =>
  Array.from({ length: count }, (_, i) => ({ name: `a${i}`, targetType: "container-instance", targetId }));

/** An attribute call that is refused with InvalidParameterException. */
const refusesAttribute = (says: string, attribute: (given: Given) => object, text: string | null = null) =>
  refuses(
    "PutAttributes",
    says,
    (given) => ({
      cluster: given.cluster,
      attributes: [{ ...one(given.spare)[0], ...attribute(given) }],
    }),
    "InvalidParameterException",
    text,
  );

export const attributeAndTagCases: Cases = {
  answers: [
    answers("PutAttributes", "sets, changes, and shows in the instance", async ({ ecs, cluster }) => {
      const targetId = await register(ecs, cluster);
      const target = { targetType: "container-instance", targetId } as const;
      const { attributes } = await ecs.putAttributes({
        cluster,
        attributes: [
          { name: "stack", value: "blue", ...target, targetId: idOf(targetId) },
          { name: "bare", targetId },
        ],
      });
      assert.deepEqual(attributes, [
        { name: "stack", value: "blue", ...target },
        { name: "bare", ...target },
      ]);
      await ecs.putAttributes({ cluster, attributes: [{ name: "stack", value: "green", ...target }] });
      const { containerInstances } = await ecs.describeContainerInstances({ cluster, containerInstances: [targetId] });
      const shown = new Map(containerInstances?.[0]?.attributes?.map(({ name, value }) => [name, value]));
      assert.deepEqual([shown.get("stack"), shown.has("bare")], ["green", true]);
      await ecs.deregisterContainerInstance({ cluster, containerInstance: targetId });
    }),
    answers("DeleteAttributes", "returns what was deleted; missing ones are not an error", async ({ ecs, cluster }) => {
      const targetId = await register(ecs, cluster);
      const target = { targetType: "container-instance", targetId } as const;
      await ecs.putAttributes({ cluster, attributes: [{ name: "stack", value: "blue", ...target }] });
      const { attributes } = await ecs.deleteAttributes({ cluster, attributes: [{ name: "stack", ...target }] });
      assert.deepEqual(
        attributes?.map(({ name }) => name),
        ["stack"],
      );
      await ecs.deleteAttributes({ cluster, attributes: [{ name: "stack", ...target }] });
      const left = await ecs.listAttributes({ cluster, targetType: "container-instance", attributeName: "stack" });
      assert.deepEqual(left.attributes, []);
      await ecs.deregisterContainerInstance({ cluster, containerInstance: targetId });
    }),
    answers("ListAttributes", "by name and value, including ECS's own", async ({ ecs, cluster, spare }) => {
      const target = { targetType: "container-instance", targetId: spare } as const;
      await ecs.putAttributes({ cluster, attributes: [{ name: "listed", value: "yes", ...target }] });
      const list = async (more: object) =>
        (await ecs.listAttributes({ cluster, targetType: "container-instance", ...more })).attributes;
      assert.deepEqual(await list({ attributeName: "listed" }), [{ name: "listed", value: "yes", ...target }]);
      assert.equal((await list({ attributeName: "listed", attributeValue: "yes" }))?.length, 1);
      assert.deepEqual(await list({ attributeName: "listed", attributeValue: "no" }), []);
      assert.equal((await list({ attributeName: "ecs.availability-zone" }))?.length, 3);
    }),
    answers("TagResource", "tags each kind of resource", async (given) => {
      const { ecs, cluster, instance, task, definition } = given;
      for (const resourceArn of [`${arnPrefix}cluster/${cluster}`, instance, task, definition]) {
        await ecs.tagResource({ resourceArn, tags: [{ key: "tagged", value: "1" }] });
        await ecs.tagResource({ resourceArn, tags: [{ key: "tagged", value: "2" }] });
        const { tags } = await ecs.listTagsForResource({ resourceArn });
        assert.deepEqual(tags, [{ key: "tagged", value: "2" }], resourceArn);
        await ecs.untagResource({ resourceArn, tagKeys: ["tagged"] });
      }
    }),
    answers("UntagResource", "removes named tags; unknown keys are not an error", async ({ ecs, spare }) => {
      const tags = [
        { key: "a", value: "1" },
        { key: "b", value: "" },
      ];
      await ecs.tagResource({ resourceArn: spare, tags });
      await ecs.untagResource({ resourceArn: spare, tagKeys: ["a", "nothing"] });
      assert.deepEqual((await ecs.listTagsForResource({ resourceArn: spare })).tags, [{ key: "b", value: "" }]);
      await ecs.untagResource({ resourceArn: spare, tagKeys: ["b"] });
    }),
    answers("ListTagsForResource", "an empty list if there are none", async ({ ecs, silent }) => {
      assert.deepEqual((await ecs.listTagsForResource({ resourceArn: silent })).tags, []);
    }),
  ],
  refusals: [
    ...refusesOtherClusters("PutAttributes", ({ spare }) => ({ attributes: one(spare) })),
    refuses(
      "PutAttributes",
      "an unknown target",
      ({ cluster }) => ({ cluster, attributes: one(nobody) }),
      "TargetNotFoundException",
      `Could not find ${nobody}`,
    ),
    refuses(
      "PutAttributes",
      "an INACTIVE target",
      ({ cluster, inactiveInstance }) => ({ cluster, attributes: one(inactiveInstance) }),
      "TargetNotFoundException",
    ),
    refuses(
      "PutAttributes",
      "an eleventh custom attribute of an instance",
      ({ cluster, spare }) => ({ cluster, attributes: numbered(10, spare) }),
      "AttributeLimitExceededException",
    ),
    refuses(
      "PutAttributes",
      "eleven in one call",
      ({ cluster, silent }) => ({ cluster, attributes: numbered(11, silent) }),
      "InvalidParameterException",
    ),
    refuses(
      "PutAttributes",
      "none",
      ({ cluster }) => ({ cluster, attributes: [] }),
      "InvalidParameterException",
      "attributes can not be empty",
    ),
    refusesAttribute("another target type", () => ({ targetType: "task" }), "targetType must be container-instance"),
    refusesAttribute("an id without its target type", ({ spare }) => ({
      targetId: idOf(spare),
      targetType: undefined,
    })),
    refusesAttribute("a name of ECS's own", () => ({ name: "ecs.os-type" })),
    refusesAttribute("a name with invalid characters", () => ({ name: "a b" })),
    refusesAttribute("a name that is too long", () => ({ name: "x".repeat(129) })),
    refusesAttribute("a value that ends in a space", () => ({ value: "x " })),
    refusesAttribute("a value that is too long", () => ({ value: "x".repeat(129) })),
    ...refusesOtherClusters("DeleteAttributes", ({ spare }) => ({ attributes: one(spare) })),
    refuses(
      "DeleteAttributes",
      "an unknown target",
      ({ cluster }) => ({ cluster, attributes: one(nobody) }),
      "TargetNotFoundException",
      `Could not find ${nobody}`,
    ),
    ...refusesOtherClusters("ListAttributes", () => ({ targetType: "container-instance" })),
    ...refusesBadPages("ListAttributes", ({ cluster }) => ({ cluster, targetType: "container-instance" }), 100),
    refuses(
      "ListAttributes",
      "another target type",
      ({ cluster }) => ({ cluster, targetType: "task" }),
      "InvalidParameterException",
      "targetType must be container-instance",
    ),
    refuses(
      "ListAttributes",
      "a value without a name",
      ({ cluster }) => ({ cluster, targetType: "container-instance", attributeValue: "x" }),
      "InvalidParameterException",
    ),
    refuses(
      "TagResource",
      "no tags",
      ({ spare }) => ({ resourceArn: spare, tags: [] }),
      "ClientException",
      "Tags can not be empty.",
    ),
    refuses(
      "TagResource",
      "a short ARN",
      ({ spare }) => ({
        resourceArn: `${arnPrefix}container-instance/${idOf(spare)}`,
        tags: [{ key: "a", value: "b" }],
      }),
      "InvalidParameterException",
      "Long arn format must be used for tagging operations",
    ),
    refuses(
      "TagResource",
      "something that is not an ARN",
      () => ({ resourceArn: "given", tags: [{ key: "a", value: "b" }] }),
      "InvalidParameterException",
      "The ARN provided is invalid.",
    ),
    refuses(
      "TagResource",
      "a key of AWS's own",
      ({ spare }) => ({ resourceArn: spare, tags: [{ key: "aws:a", value: "b" }] }),
      "InvalidParameterException",
    ),
    refuses(
      "TagResource",
      "a key given twice",
      ({ spare }) => ({ resourceArn: spare, tags: ["1", "2"].map((value) => ({ key: "a", value })) }),
      "InvalidParameterException",
    ),
    refuses(
      "TagResource",
      "a resource of a cluster that never existed",
      () => ({
        resourceArn: `${arnPrefix}container-instance/never-was/${nobody}`,
        tags: [{ key: "a", value: "b" }],
      }),
      "ClusterNotFoundException",
    ),
    refuses(
      "TagResource",
      "an unknown instance",
      ({ cluster }) => ({
        resourceArn: `${arnPrefix}container-instance/${cluster}/${nobody}`,
        tags: [{ key: "a", value: "b" }],
      }),
      "InvalidParameterException",
    ),
    refuses(
      "UntagResource",
      "no keys",
      ({ spare }) => ({ resourceArn: spare, tagKeys: [] }),
      "InvalidParameterException",
    ),
    refuses(
      "UntagResource",
      "something that is not an ARN",
      () => ({ resourceArn: "given", tagKeys: ["a"] }),
      "InvalidParameterException",
    ),
    refuses(
      "ListTagsForResource",
      "something that is not an ARN",
      () => ({ resourceArn: "given" }),
      "InvalidParameterException",
    ),
    refuses(
      "ListTagsForResource",
      "an unknown task",
      ({ cluster }) => ({ resourceArn: `${arnPrefix}task/${cluster}/${nobody}` }),
      "InvalidParameterException",
    ),
  ],
};
