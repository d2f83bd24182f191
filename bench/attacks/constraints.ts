/** The most expensive legal question to the scheduler. */
import { signedRequest } from "../signed-request.ts";
import { type Attack, bystanderSources, type Target } from "./attack.ts";
import { answersByStatus, callAll, callOn } from "./caller.ts";

const instances = 1_000;
/** As many as the limit of 1,024 states for the constraints of a task allows. */
const constraintsPerCall = 4;
const attributes = 10;

async function makeInstances({ port, key }: Target): Promise<void> {
  const registration = {
    totalResources: [
      { name: "CPU", type: "INTEGER", integerValue: 1_024 },
      { name: "MEMORY", type: "INTEGER", integerValue: 1_024 },
    ],
  };
  const definition = { family: "dear", containerDefinitions: [{ name: "main", image: "nginx", memory: 6 }] };
  await callAll(port, [
    await signedRequest(port, "CreateCluster", { clusterName: "default" }, key),
    await signedRequest(port, "RegisterTaskDefinition", definition, key),
  ]);
  const registered = (await callAll(
    port,
    new Array(instances).fill(await signedRequest(port, "RegisterContainerInstance", registration, key)),
  )) as readonly { readonly containerInstance: { readonly containerInstanceArn: string } }[];
  for (const [at, { containerInstance }] of registered.entries()) {
    // Distinct values, so that no answer is cached from another instance, which keep a match possible to the end.
    const own = Array.from({ length: attributes }, (_, n) => ({
      name: `a${n}`,
      value: `${"a".repeat(118)}${String(at * attributes + n).padStart(8, "0")}`,
      targetId: containerInstance.containerInstanceArn,
    }));
    await callAll(port, [await signedRequest(port, "PutAttributes", { attributes: own }, key)]);
  }
}

/** 250 states that all stay active while the value lasts, and no match at its end. */
const pattern = (n: number): string => `attribute:a${n} =~ ${"a?".repeat(2)}${"(a|[0-9])*".repeat(40)}!`;

export const constraintAttacks: readonly Attack[] = [
  {
    name: "dear constraints",
    kind: "constraints",
    says: `ExplainPlacement with ${constraintsPerCall} constraints of maximal patterns over ${instances} instances`,
    server: { command: "dev", flags: ["--instances", "0", "--no-adopt", "--in-memory"] },
    bystander: "list",
    seconds: 15,
    prepare: makeInstances,
    begin: async ({ port, key }) => {
      const placementConstraints = Array.from({ length: constraintsPerCall }, (_, n) => ({
        type: "memberOf",
        expression: pattern(n),
      }));
      const body = { taskDefinition: "dear", placementConstraints };
      const request = await signedRequest(port, "BerthV1.ExplainPlacement", body, key);
      const calls = callOn({ port, source: bystanderSources[0], connections: 1, request: () => request });
      return {
        stop: async () => calls.stop(),
        measured: () => answersByStatus(calls),
      };
    },
  },
];
