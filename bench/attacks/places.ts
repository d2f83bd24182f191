/** What a caller can make the server open and keep for empty places. */
import { signedRequest } from "../signed-request.ts";
import { type Attack, bystanderSources, type Target, type UnderWay } from "./attack.ts";
import { answersByStatus, callOn } from "./caller.ts";

const places = 20_000;
const connections = 16;

/** Calls until `count` requests were answered, and counts the answers by status. */
async function call({ port }: Target, count: number, request: (at: number) => Promise<Buffer>): Promise<UnderWay> {
  const calls = callOn({
    port,
    source: bystanderSources[0],
    connections,
    request: (at) => (at < count ? request(at) : null),
  });
  return {
    done: calls.done,
    stop: async () => calls.stop(),
    measured: () => answersByStatus(calls),
  };
}

const regionNames = ["us-east-1", "eu-west-1", "eu-central-1", "ap-southeast-2"];

const attack = (
  name: string,
  says: string,
  count: number,
  request: (target: Target, at: number) => Promise<Buffer>,
): Attack => ({
  name,
  kind: "places",
  says,
  server: { command: "dev", flags: ["--instances", "0"] },
  bystander: "create",
  // LIMIT: the slowest of these makes 40,000 calls, a thousand a second on a machine that does other things too.
  seconds: 60,
  startsAgain: true,
  begin: (target) => call(target, count, (at) => request(target, at)),
});

export const placeAttacks: readonly Attack[] = [
  attack("invented regions", `ListClusters in ${places} regions that do not exist`, places, ({ port, key }, at) =>
    signedRequest(port, "ListClusters", {}, key, { region: `made-up-${at}` }),
  ),
  attack("invented accounts", `ListClusters of ${places} accounts in real regions`, places, ({ port, key }, at) =>
    signedRequest(
      port,
      "ListClusters",
      {},
      { ...key, accessKeyId: String(300_000_000_000 + at) },
      { region: regionNames[at % regionNames.length] as string },
    ),
  ),
  attack("deleted clusters", `${places} clusters created and deleted`, 2 * places, ({ port, key }, at) => {
    // The connections take turns: a cluster is deleted by another call than the next one, when it exists.
    const [round, within] = [Math.floor(at / (2 * connections)), at % (2 * connections)];
    const name = `gone-${round}-${within % connections}`;
    return within < connections
      ? signedRequest(port, "CreateCluster", { clusterName: name }, key)
      : signedRequest(port, "DeleteCluster", { cluster: name }, key);
  }),
];
