import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { agentStanding } from "../agents/agent-standing.ts";
import { submitAttachmentStateChanges } from "../agents/submit-attachment-state-changes.ts";
import { attachmentArn } from "../arn.ts";
import { deregisterContainerInstance } from "../container-instances/deregister-container-instance.ts";
import { InstanceWorld, place, prefix } from "../container-instances/instance-world.ts";
import { registerContainerInstance } from "../container-instances/register-container-instance.ts";
import { updateContainerInstancesState } from "../container-instances/update-container-instances-state.ts";
import { containerInstanceKind } from "../documents/container-instance.ts";
import type { Caller } from "../state/call.ts";
import { ClusterState } from "../state/cluster-state.ts";
import { listTagsInCluster } from "../tags/tag-in-cluster.ts";
import { submitContainerStateChange } from "../task-life/submit-container-state-change.ts";
import { submitTaskStateChange } from "../task-life/submit-task-state-change.ts";

const agent = (keyOrigin: string): Caller => ({
  principalArn: `arn:aws:iam::111122223333:user/${keyOrigin}`,
  isAgent: true,
  keyOrigin,
  ownInstancesOnly: true,
});
const admin: Caller = { principalArn: "arn:aws:iam::111122223333:root", isAgent: false, keyOrigin: "ADMIN" };

/** An instance that agent A registered, with a task, in a world whose caller is agent B. */
function twoAgents() {
  const world = new InstanceWorld();
  world.settings = { awsvpcTrunking: "enabled" };
  world.caller = agent("A");
  const id = world.add();
  const task = world.place(id, { cpu: 1 });
  world.caller = agent("B");
  return { world, id, arn: world.instance(id).arn, task };
}

const denied = (action: string, resource: string): string =>
  `User: arn:aws:iam::111122223333:user/B is not authorized to perform: ecs:${action} on resource: ${resource} because no identity-based policy allows the ecs:${action} action`;

describe("an instance belongs to the key that registered it", () => {
  test("another agent key is refused whatever it reports about the instance or its tasks", () => {
    const { world, id, arn, task } = twoAgents();
    const code = "AccessDeniedException";
    const states = { containerInstances: [id], status: "DRAINING" };
    world.refused(
      registerContainerInstance,
      { containerInstanceArn: arn },
      code,
      denied("RegisterContainerInstance", arn),
    );
    world.refused(
      deregisterContainerInstance,
      { containerInstance: id },
      code,
      denied("DeregisterContainerInstance", arn),
    );
    world.refused(updateContainerInstancesState, states, code, denied("UpdateContainerInstancesState", arn));
    world.refused(listTagsInCluster, { resourceArn: arn }, code, denied("ListTagsForResource", arn));
    world.refused(listTagsInCluster, { resourceArn: task.arn }, code, denied("ListTagsForResource", task.arn));
    const report = { task: task.arn, status: "STOPPED" };
    world.refused(submitTaskStateChange, report, code, denied("SubmitTaskStateChange", task.arn));
    world.refused(submitContainerStateChange, report, code, denied("SubmitContainerStateChange", task.arn));
    assert.equal(agentStanding(world.state, id, world.caller), "not-yours");
  });

  test("its own key, a key of another role, and the key that replaced its own may speak for it", () => {
    for (const caller of [agent("A"), { ...agent("A"), principalArn: "arn:aws:iam::111122223333:user/new" }, admin]) {
      const { world, id, arn, task } = twoAgents();
      world.caller = caller;
      assert.equal(agentStanding(world.state, id, caller), "welcome");
      world.register({ containerInstanceArn: arn });
      assert.equal(world.instance(id).registeredBy, "A", "who speaks for it does not own it");
      world.call(listTagsInCluster, { resourceArn: task.arn });
      world.call(updateContainerInstancesState, { containerInstances: [id], status: "DRAINING" });
      world.call(submitTaskStateChange, { task: task.arn, status: "STOPPED" });
      world.call(deregisterContainerInstance, { containerInstance: id, force: true });
    }
  });

  test("an agent key drains its own instance, and can't undo a drain", () => {
    const { world, id } = twoAgents();
    world.caller = agent("A");
    world.call(updateContainerInstancesState, { containerInstances: [id], status: "DRAINING" });
    assert.throws(() => world.call(updateContainerInstancesState, { containerInstances: [id], status: "ACTIVE" }), {
      code: "AccessDeniedException",
    });
  });

  test("a call about several instances is refused if one of them is another key's", () => {
    const { world, id } = twoAgents();
    const own = world.add();
    assert.throws(
      () => world.call(updateContainerInstancesState, { containerInstances: [own, id], status: "DRAINING" }),
      {
        code: "AccessDeniedException",
      },
    );
    assert.equal(world.instance(own).status, "ACTIVE");
  });

  test("a client token that another key has used gives it nothing", () => {
    const { world } = twoAgents();
    world.caller = agent("A");
    world.register({ clientToken: "t" });
    world.caller = agent("B");
    assert.throws(() => world.register({ clientToken: "t" }), { code: "AccessDeniedException" });
  });

  test("a trunk is attached by its own agent", () => {
    const world = new InstanceWorld();
    world.settings = { awsvpcTrunking: "enabled" };
    world.caller = agent("A");
    const id = world.add({ attributes: trunkAttributes });
    const [trunk] = world.instance(id).attachments;
    assert.ok(trunk !== undefined);
    const named = attachmentArn(place, "lab", trunk.id);
    const attachments = [{ attachmentArn: named, status: "FAILED" }];
    world.caller = agent("B");
    const text = denied("SubmitAttachmentStateChanges", named);
    world.refused(submitAttachmentStateChanges, { attachments }, "AccessDeniedException", text);
    const unknown = [{ attachmentArn: attachmentArn(place, "lab", "none"), status: "ATTACHED" }];
    world.call(submitAttachmentStateChanges, { attachments: unknown });
  });
});

const trunkAttributes = [
  { name: "ecs.instance-type", value: "m5.large" },
  { name: "ecs.capability.task-eni-trunking" },
  { name: "ecs.capability.task-eni" },
];

describe("an agent key", () => {
  test("speaks for no host except container instances: not for Fargate tasks, nor for waiting ones", () => {
    const { world, task } = twoAgents();
    for (const instanceId of ["a-managed-host", null]) {
      world.run((step) => step.state.tasks.put(task.id, { ...task, instanceId }));
      const report = { task: task.arn, status: "STOPPED" };
      assert.throws(() => world.call(submitTaskStateChange, report), { code: "AccessDeniedException" });
    }
  });

  test("gets the usual answer about an unknown task, because agents repeat themselves", () => {
    const { world } = twoAgents();
    const unknown = { task: `${prefix}task/lab/${"0".repeat(32)}`, status: "STOPPED" };
    assert.deepEqual(world.call(submitTaskStateChange, unknown), { acknowledgment: "ok" });
  });
});

test("an instance without a recorded owner is open to any agent key until one registers it again", () => {
  const { world, id, arn } = twoAgents();
  const { name, apart } = containerInstanceKind;
  const [rest, registration] = world.state.tables.toStored([{ kind: name, key: id, value: world.instance(id) }]);
  const { registeredBy, ...old } = (registration?.value ?? {}) as { readonly registeredBy?: unknown };
  assert.equal(registeredBy, "A");
  const fresh = new ClusterState(place, "lab", world.state.configuration);
  fresh.tables.load(name, id, rest?.value ?? {});
  assert.equal(fresh.instances.has(id), false);
  fresh.tables.load(apart.name, id, old);
  assert.equal(fresh.instances.get(id)?.registeredBy, null);
  world.run((step) => step.state.instances.put(id, { ...world.instance(id), registeredBy: null }));
  world.caller = admin;
  world.register({ containerInstanceArn: arn });
  assert.equal(world.instance(id).registeredBy, null);
  world.caller = agent("B");
  assert.equal(agentStanding(world.state, id, world.caller), "welcome");
  world.register({ containerInstanceArn: arn });
  assert.equal(world.instance(id).registeredBy, "B");
  assert.equal(agentStanding(world.state, id, agent("A")), "not-yours");
});
