import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import { claimedKey, FairGate } from "./fair-gate.ts";
import { authorization, callBytes, SmallHttp } from "./small-http.ts";

/** A gate whose looks are made by hand, and who was let through so far. */
function gate() {
  const looks: (() => void)[] = [];
  const through: string[] = [];
  const fair = new FairGate((run) => looks.push(run));
  const pass = (address: string, accessKeyId: string, bytes = 0): void => {
    const turn = fair.pass({ address, accessKeyId }, bytes);
    if (turn === null) through.push(`${address} ${accessKeyId}`);
    else void turn.then(() => through.push(`${address} ${accessKeyId}`));
  };
  const look = async (): Promise<string[]> => {
    looks.shift()?.();
    await Promise.resolve();
    return through.splice(0);
  };
  return { pass, look, through };
}

test("what comes while the loop keeps up goes through at once", async () => {
  const { pass, look, through } = gate();
  for (let i = 0; i < 4; i++) pass("a", "k");
  assert.equal(through.length, 4);
  await look();
  pass("a", "k");
  assert.deepEqual(through, ["a k"]);
});

test("addresses take turns, and the keys of an address, however much one of them sends", async () => {
  const { pass, look } = gate();
  for (let i = 0; i < 100; i++) pass("a", "flood");
  pass("a", "other");
  pass("b", "k");
  const first = [...(await look()), ...(await look()), ...(await look())];
  assert.ok(first.includes("b k"), first.join());
  assert.ok(first.includes("a other"), first.join());
});

test("a large body counts as several calls", async () => {
  const { pass, look, through } = gate();
  for (let i = 0; i < 20; i++) pass("a", "large", 262_144);
  for (let i = 0; i < 20; i++) pass("b", "small");
  // The first ones did not have to wait.
  through.splice(0);
  const counts: Record<string, number> = {};
  for (let i = 0; i < 4; i++) for (const who of await look()) counts[who] = (counts[who] ?? 0) + 1;
  assert.ok((counts["b small"] ?? 0) >= 3 * (counts["a large"] ?? 0), JSON.stringify(counts));
});

test("everybody gets through in the end", async () => {
  const { pass, look, through } = gate();
  for (let i = 0; i < 50; i++) pass(`a${i % 3}`, `k${i % 7}`, (i % 5) * 60_000);
  let all = through.splice(0).length;
  for (let i = 0; i < 100; i++) all += (await look()).length;
  assert.equal(all, 50);
});

test("the key that a request claims", () => {
  assert.equal(claimedKey(authorization), "123456789012");
  for (const none of [undefined, "", "Bearer x", "Credential=", `Credential=${"x".repeat(200)}/`])
    assert.equal(claimedKey(none), "");
});

for (const path of ["/metrics", "/health"]) {
  test(`a flood of ${path} leaves room for others between a few answers`, async (context) => {
    let made = 0;
    let most = 0;
    const count = <T>(answer: T): T => {
      made += 1;
      most = Math.max(most, made);
      return answer;
    };
    const http = await SmallHttp.open({
      health: () => count({ healthy: true }),
      metricsText: async () => count({ contentType: "text/plain", text: "" }),
    });
    const sockets = Array.from({ length: 60 }, () => connect(http.port, "127.0.0.1"));
    let isOver = false;
    const look = (): void => {
      made = 0;
      if (!isOver) setImmediate(look);
    };
    context.after(async () => {
      isOver = true;
      for (const socket of sockets) socket.destroy();
      await http.close();
    });
    const request = `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    const answered = () => Promise.all(sockets.map((socket) => once(socket, "data")));
    const ask = async (): Promise<void> => {
      const answers = answered();
      for (const socket of sockets) socket.write(request);
      await answers;
    };
    // Once all connections are taken, their requests come together.
    await ask();
    most = 0;
    look();
    await ask();
    assert.ok(most <= 8, `${most} at a look`);
  });
}

test("a small call is answered between the large ones of another key that came before it", async (context) => {
  const http = await SmallHttp.open();
  const order: string[] = [];
  http.answer = async ({ account }) => {
    order.push(account);
    return {};
  };
  const sockets: Socket[] = [];
  context.after(async () => {
    for (const socket of sockets) socket.destroy();
    await http.close();
  });
  const open = async (): Promise<Socket> => {
    const socket = connect(http.port, "127.0.0.1");
    sockets.push(socket);
    // A connection counts once the server has taken it, which it does with one at a time.
    socket.write(callBytes("ListClusters"));
    await once(socket, "data");
    return socket;
  };
  const flood = await Promise.all(Array.from({ length: 200 }, open));
  const other = await open();
  const large = callBytes("ListClusters", `{"nextToken":"${"x".repeat(1_000)}","padding":"${"x".repeat(20_000)}"}`);
  order.length = 0;
  for (const socket of flood) socket.write(large);
  other.write(callBytes("ListClusters").replace("123456789012", "222222222222"));
  await Promise.all([...flood, other].map((socket) => once(socket, "data")));
  assert.ok(order.indexOf("222222222222") <= 5, `it was answered as number ${order.indexOf("222222222222")} of 201`);
});
