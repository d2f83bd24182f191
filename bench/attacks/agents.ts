/** What the owner of a container instance can do repeatedly, each time legally. */
import { signedRequest } from "../signed-request.ts";
import { type Attack, accounts, type Target } from "./attack.ts";
import { beginCalling, type NextRequest } from "./begin-calling.ts";
import { callAll } from "./caller.ts";

const connections = 64;

/** The container instance of the attacker's account. */
let instance = "";

async function findInstance({ port, key }: Target): Promise<void> {
  const [listed] = await callAll(port, [await signedRequest(port, "ListContainerInstances", {}, key)]);
  const { containerInstanceArns = [] } = listed as { readonly containerInstanceArns?: readonly string[] };
  instance = containerInstanceArns[0] ?? "";
}

const attack = (name: string, says: string, request: NextRequest): Attack => ({
  name,
  kind: "agents",
  says,
  server: { command: "dev", flags: ["--instances", "1", "--account", accounts.attacker] },
  bystander: "list",
  seconds: 8,
  prepare: findInstance,
  begin: beginCalling(request, connections),
});

const socket = (_target: Target, at: number): Buffer =>
  Buffer.from(
    [
      `GET /acs/ws?agentHash=0&agentVersion=1.97.0&clusterArn=default&containerInstanceArn=${instance}&seqNum=1 HTTP/1.1`,
      "Host: 127.0.0.1",
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      `Authorization: AWS4-HMAC-SHA256 Credential=${accounts.attacker}/20260101/us-east-1/ecs/aws4_request, SignedHeaders=host, Signature=${at}`,
      "X-Amz-Date: 20260101T000000Z",
      "\r\n",
    ].join("\r\n"),
  );

export const agentAttacks: readonly Attack[] = [
  attack("sockets opened and closed", "64 connections open an agent's socket, close it and open the next", socket),
  attack("registered over and over", "one container instance registers again and again", ({ port, key }) =>
    signedRequest(port, "RegisterContainerInstance", { cluster: "default", containerInstanceArn: instance }, key),
  ),
  attack("drained and back", "a container instance becomes DRAINING and ACTIVE in turn", ({ port, key }, at) =>
    signedRequest(
      port,
      "UpdateContainerInstancesState",
      { containerInstances: [instance], status: at % 2 === 0 ? "DRAINING" : "ACTIVE" },
      key,
    ),
  ),
  attack("endpoints discovered", "an agent asks for its endpoints without a pause", ({ port, key }) =>
    signedRequest(port, "DiscoverPollEndpoint", { cluster: "default", containerInstance: instance }, key),
  ),
  attack("changes submitted", "an agent submits changes of a task that does not exist", ({ port, key }, at) =>
    signedRequest(
      port,
      "SubmitTaskStateChange",
      { cluster: "default", task: instance.replace("container-instance", "task"), status: "STOPPED", reason: `${at}` },
      key,
    ),
  ),
];
