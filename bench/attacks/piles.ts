/** What one account can make the server keep by repeating the same legal call. */
import { signedRequest } from "../signed-request.ts";
import { type Attack, accounts, type Target } from "./attack.ts";
import { beginCalling, type NextRequest } from "./begin-calling.ts";
import { callAll } from "./caller.ts";

const connections = 8;
/** Twenty kilobytes of tags, as many as a resource may have. */
const tags = Array.from({ length: 50 }, (_, n) => ({ key: `${n}-`.padEnd(128, "k"), value: "v".repeat(256) }));

const pile = (name: string, says: string, request: NextRequest, prepare?: Attack["prepare"]): Attack => ({
  name,
  kind: "memory",
  says,
  server: {
    command: "dev",
    // The attacker's account is that of the simulated instance, which has room for everything that runs at a time.
    flags: ["--instances", "1", "--cpu", "1000000", "--memory", "10000000", "--account", accounts.attacker],
  },
  bystander: "list",
  seconds: 30,
  startsAgain: true,
  ...(prepare === undefined ? {} : { prepare }),
  begin: beginCalling(request, connections),
});

async function register({ port, key }: Target, image: string): Promise<void> {
  const body = { family: "pile", containerDefinitions: [{ name: "main", image, memory: 4 }] };
  await callAll(port, [await signedRequest(port, "RegisterTaskDefinition", body, key)]);
}

export const pileAttacks: readonly Attack[] = [
  pile("piled task definitions", "task definitions of 60 KB, one at a time", ({ port, key }, at) =>
    signedRequest(
      port,
      "RegisterTaskDefinition",
      {
        family: `pile-${at}`,
        containerDefinitions: [{ name: "main", image: "nginx", memory: 4, command: ["x".repeat(60_000)] }],
      },
      key,
    ),
  ),
  pile(
    "piled stopped tasks",
    "tasks with 20 KB of tags that exit at once, ten a call",
    ({ port, key }) => signedRequest(port, "RunTask", { taskDefinition: "pile", count: 10, tags }, key),
    (target) => register(target, "berth/exit:0"),
  ),
  pile(
    "piled deleted services",
    "services with 20 KB of tags, created and deleted",
    ({ port, key }, at) => {
      const [round, within] = [Math.floor(at / (2 * connections)), at % (2 * connections)];
      const name = `pile-${round}-${within % connections}`;
      return within < connections
        ? signedRequest(
            port,
            "CreateService",
            { serviceName: name, taskDefinition: "pile", desiredCount: 0, tags },
            key,
          )
        : signedRequest(port, "DeleteService", { service: name, force: true }, key);
    },
    (target) => register(target, "nginx"),
  ),
  pile(
    "piled deployments",
    "a service without tasks that is deployed again and again",
    ({ port, key }) => signedRequest(port, "UpdateService", { service: "pile", forceNewDeployment: true }, key),
    async (target) => {
      await register(target, "nginx");
      const service = { serviceName: "pile", taskDefinition: "pile", desiredCount: 0 };
      await callAll(target.port, [await signedRequest(target.port, "CreateService", service, target.key)]);
    },
  ),
];
