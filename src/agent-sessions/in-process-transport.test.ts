import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { AgentConnection, AgentHello } from "../agent-protocol/connection.ts";
import { VirtualClock } from "../lib/virtual-clock.ts";
import { type InProcessNetwork, InProcessTransport } from "./in-process-transport.ts";

const hello = { containerInstanceArn: "arn" } as AgentHello;

function connected(network?: InProcessNetwork) {
  const clock = new VirtualClock(0);
  const log: string[] = [];
  const taken: AgentConnection[] = [];
  const transport = new InProcessTransport({
    clock,
    simulated: true,
    ...(network === undefined ? {} : { network }),
    accept: (_channel, _hello, connection) => {
      taken.push(connection);
      connection.onMessage((message) => log.push(`server got ${JSON.stringify(message)}`));
      connection.onClose((code) => log.push(`server saw ${code}`));
    },
  });
  const agent = transport.connect("acs", hello);
  agent.onMessage((message) => log.push(`agent got ${JSON.stringify(message)}`));
  agent.onClose((code) => log.push(`agent saw ${code}`));
  return { clock, log, transport, agent, server: () => taken[0] };
}

describe("in-process transport", () => {
  it("delivers in later turns and in order, the close last", async () => {
    const { clock, log, agent, server } = connected();
    agent.send({ n: 1 });
    assert.deepEqual(log, []);
    await clock.settle();
    agent.send({ n: 2 });
    agent.close(1000, "");
    agent.send({ n: 3 });
    server()?.send({ n: 4 });
    await clock.settle();
    assert.deepEqual(log, ['server got {"n":1}', 'server got {"n":2}', "server saw 1000"]);
  });

  it("loses, duplicates and delays as the network says", async () => {
    const delays: (readonly number[])[] = [[], [0, 10], [5]];
    const { clock, log, agent } = connected({ message: () => delays.shift() ?? [0] });
    for (const n of [1, 2, 3]) agent.send({ n });
    await clock.advance(20);
    assert.deepEqual(log, ['server got {"n":2}', 'server got {"n":3}', 'server got {"n":2}']);
  });

  it("refuses and cuts connections", async () => {
    const refused = connected({ connect: () => "refused" });
    await refused.clock.settle();
    assert.deepEqual(refused.log, ["agent saw 1006"]);
    const { clock, log, transport } = connected();
    await clock.settle();
    transport.cut(() => true);
    transport.cut(() => true);
    assert.deepEqual(log, ["agent saw 1006", "server saw 1006"]);
  });

  it("can inform only one end of a close, and neither of a connection that nothing passes through", async () => {
    const halfOpen = connected({ close: () => false });
    await halfOpen.clock.settle();
    halfOpen.transport.cut(() => true, ["agent"]);
    halfOpen.server()?.send({ n: 1 });
    halfOpen.server()?.close(1000, "");
    await halfOpen.clock.settle();
    assert.deepEqual(halfOpen.log, ["agent saw 1006"]);
    const silent = connected({ connect: () => "silent" });
    silent.agent.send({ n: 1 });
    await silent.clock.settle();
    assert.deepEqual(silent.log, []);
    assert.equal(silent.server(), undefined);
    silent.transport.cut(() => true);
    assert.deepEqual(silent.log, ["agent saw 1006"]);
  });
});
