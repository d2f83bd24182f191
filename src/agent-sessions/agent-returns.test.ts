/** What an agent receives when it reconnects. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TaskOrder } from "../ecs/state/effect.ts";
import { instanceId, orderOf, SmallSessions } from "./small-sessions.ts";

test("leaves out on a reconnect what the agent's process has acknowledged, and nothing else", async () => {
  const world = new SmallSessions();
  let acs = await world.connect("acs", { sendCredentials: true });
  const all = [orderOf(1), orderOf(2), orderOf(3, "STOPPED")];
  const sent = async (orders: readonly TaskOrder[], isReturn: boolean) => {
    await world.send({ type: "deliver-tasks", instanceId, sequence: 1, orders, isReturn });
    const payload = acs.of("PayloadMessage").at(-1)?.message;
    return { messageId: payload?.messageId ?? "", arns: payload?.tasks?.map(({ arn }) => arn) };
  };
  const acknowledge = async (messageId: string): Promise<void> => {
    acs.connection.send({ type: "AckRequest", message: { messageId } });
    await world.clock.settle();
  };
  await acknowledge((await sent([orderOf(1), orderOf(3)], false)).messageId);
  await sent([orderOf(2)], false);
  acs = await world.connect("acs", { sendCredentials: false });
  const again = await sent(all, true);
  assert.deepEqual(again.arns, [orderOf(2).task.arn, orderOf(3).task.arn], "the stop of task 3 is another order");
  await acknowledge(again.messageId);
  acs = await world.connect("acs", { sendCredentials: false });
  assert.deepEqual((await sent(all, true)).arns, undefined);
  // The cluster ordered this itself, not because of a reconnect: the agent must receive it again.
  assert.deepEqual((await sent([orderOf(3, "STOPPED")], false)).arns, [orderOf(3).task.arn]);
  // A manifest names all tasks. Those missing from it are forgotten.
  const tasks = [{ arn: orderOf(1).task.arn, desiredStatus: "RUNNING" as const }];
  await world.send({ type: "deliver-manifest", instanceId, sequence: 2, tasks });
  assert.deepEqual((await sent(all, true)).arns, [orderOf(2).task.arn, orderOf(3).task.arn]);
  acs = await world.connect("acs", { sendCredentials: true });
  assert.equal((await sent(all, true)).arns?.length, 3, "a new process may have lost its disk");
});

test("treats a real agent that replaces a simulated one as a new process, whatever it says", async () => {
  const world = new SmallSessions();
  const simulated = await world.connect("acs", { simulated: true });
  await world.send({ type: "deliver-tasks", instanceId, sequence: 1, orders: [orderOf(1)], isReturn: false });
  const messageId = simulated.of("PayloadMessage")[0]?.message.messageId ?? "";
  simulated.connection.send({ type: "AckRequest", message: { messageId } });
  await world.clock.settle();
  const real = await world.connect("acs", { sendCredentials: false });
  const connected = world.reports.filter((report) => report.type === "agent-connected");
  assert.deepEqual(
    connected.map(({ isNewProcess }) => isNewProcess),
    [true, true],
  );
  await world.send({ type: "deliver-tasks", instanceId, sequence: 2, orders: [orderOf(1)], isReturn: true });
  assert.equal(real.of("PayloadMessage").length, 1);
});
