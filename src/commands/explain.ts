import { apiFlags, apiHelp, clusterMember, openApi } from "./api-client.ts";
import { runCommand } from "./command.ts";
import { explanationText, type PlacementExplanation } from "./explain-text.ts";
import { type CommandText, listFlag, numberFlag, type Typed, textFlag, UsageError } from "./flags/flags.ts";
import { expectNoWords } from "./flags/server-flags.ts";

/** LIMIT: that of ExplainPlacement, which runs a dry run for each of the tasks. */
const countMax = 1_000;

export const explainCommand: CommandText = {
  usage: "berth explain --task-definition NAME | --service NAME [flags]",
  about: `Shows where tasks would go if they were started now and, for each container instance that cannot take one, everything that is
missing and how much. It starts nothing. It checks what RunTask would check: resources, attributes, the agent, the constraints of
the task definition and yours, in the order of your strategies.
Exit codes: 0 all tasks fit, 1 some do not, 2 no answer.
${apiHelp}`,
  flags: {
    "task-definition": { value: "NAME", help: "Family, family:revision or ARN." },
    service: {
      value: "NAME",
      help: "More tasks of this service, placed as the service places them. Only --count may be added.",
    },
    count: { value: "N", help: `How many tasks (default 1, at most ${countMax}).` },
    constraint: {
      value: "EXPR",
      help: "A memberOf constraint, in the cluster query language. Repeatable.",
      repeats: true,
    },
    "distinct-instance": { value: null, help: "No two of the tasks on one container instance." },
    strategy: {
      value: "STRATEGY",
      help: "random, spread:FIELD, binpack:cpu or binpack:memory. Repeatable: the first decides first.",
      repeats: true,
    },
    "launch-type": { value: "TYPE", help: "EC2 or EXTERNAL (default: as RunTask decides)." },
    "capacity-provider": {
      value: "NAME[:WEIGHT[:BASE]]",
      help: "A capacity provider of the strategy (weight 1, base 0). Repeatable.",
      repeats: true,
    },
    group: { value: "GROUP", help: "The task group that spread and --distinct-instance count (default: as RunTask)." },
    cpu: { value: "UNITS", help: "CPU units of the task, instead of the task definition's." },
    memory: { value: "MIB", help: "Memory of the task, instead of the task definition's." },
    ...apiFlags,
    json: { value: null, help: "Print the reply of ExplainPlacement (docs/berth-api.md)." },
  },
  examples: [
    { line: "berth explain --task-definition web:3 --count 5", about: "Would five of them fit, and where?" },
    {
      line: "berth explain --task-definition web --constraint 'attribute:stack == prod' --distinct-instance",
      about: "Which container instances can run it at all.",
    },
    { line: "berth explain --service web --count 3", about: "Would the service find room for three more?" },
    {
      line: "berth explain --task-definition web --count 20 --strategy spread:attribute:ecs.availability-zone --strategy binpack:memory",
      about: "How twenty would spread.",
    },
  ],
};

/** `berth explain`. */
export function main(argv: readonly string[]): Promise<void> {
  return runCommand(explainCommand, argv, explain);
}

async function explain(typed: Typed): Promise<void> {
  const request = explainRequest(typed);
  const api = openApi(typed);
  try {
    const reply = (await api.berth("ExplainPlacement", request)) as PlacementExplanation;
    process.stdout.write(typed.flags.has("json") ? `${JSON.stringify(reply)}\n` : explanationText(reply));
    if (reply.unplacedCount > 0) process.exitCode = 1;
  } finally {
    api.close();
  }
}

/** The flags as a request of ExplainPlacement. Throws UsageError if they cannot be one. */
export function explainRequest(typed: Typed): object {
  expectNoWords(typed);
  const service = textFlag(typed, "service", null);
  if (service !== null) return serviceRequest(typed, service);
  const taskDefinition = textFlag(typed, "task-definition", null);
  if (taskDefinition === null) {
    throw new UsageError("--task-definition NAME is needed, such as web, web:3 or an ARN; or --service NAME.");
  }
  const launchType = textFlag(typed, "launch-type", null)?.toUpperCase();
  const capacityProviderStrategy = listFlag(typed, "capacity-provider").map(capacityProviderOf);
  if (launchType !== undefined && capacityProviderStrategy.length > 0) {
    throw new UsageError("--launch-type and --capacity-provider exclude each other.");
  }
  const placementConstraints = [
    ...listFlag(typed, "constraint").map((expression) => ({ type: "memberOf", expression })),
    ...(typed.flags.has("distinct-instance") ? [{ type: "distinctInstance" }] : []),
  ];
  const placementStrategy = listFlag(typed, "strategy").map(strategyOf);
  const [cpu, memory] = [textFlag(typed, "cpu", null), textFlag(typed, "memory", null)];
  const group = textFlag(typed, "group", null);
  return {
    ...clusterMember(typed),
    taskDefinition,
    count: countOf(typed),
    ...(launchType === undefined ? {} : { launchType }),
    ...(capacityProviderStrategy.length === 0 ? {} : { capacityProviderStrategy }),
    ...(placementConstraints.length === 0 ? {} : { placementConstraints }),
    ...(placementStrategy.length === 0 ? {} : { placementStrategy }),
    ...(group === null ? {} : { group }),
    ...(cpu === null && memory === null
      ? {}
      : { overrides: { ...(cpu === null ? {} : { cpu }), ...(memory === null ? {} : { memory }) } }),
  };
}

function countOf(typed: Typed): number {
  return numberFlag(typed, "count", { otherwise: 1, min: 1, max: countMax });
}

/** What a service decides for its tasks. */
const decidedByService = [
  "task-definition",
  "constraint",
  "distinct-instance",
  "strategy",
  "launch-type",
  "capacity-provider",
  "group",
  "cpu",
  "memory",
] as const satisfies readonly (keyof typeof explainCommand.flags)[];

function serviceRequest(typed: Typed, service: string): object {
  const decided = decidedByService.find((name) => typed.flags.has(name) || typed.lists.has(name));
  if (decided !== undefined) throw new UsageError(`--service decides about --${decided}: leave one of them out.`);
  return { ...clusterMember(typed), service, count: countOf(typed) };
}

function strategyOf(given: string): object {
  const [, type = "", field] = /^([a-z]+)(?::(.+))?$/i.exec(given) ?? [];
  const needsField = type === "spread" || type === "binpack";
  if (type === "random" ? field === undefined : needsField && field !== undefined) {
    return field === undefined ? { type } : { type, field };
  }
  throw new UsageError(
    `--strategy must be random, spread:FIELD, binpack:cpu or binpack:memory, such as spread:attribute:ecs.availability-zone, but is "${given}".`,
  );
}

function capacityProviderOf(given: string): object {
  const [, capacityProvider, weight = "1", base] = /^([^:]+)(?::(\d{1,4}))?(?::(\d{1,6}))?$/.exec(given) ?? [];
  if (capacityProvider === undefined) {
    throw new UsageError(`--capacity-provider must be NAME, NAME:WEIGHT or NAME:WEIGHT:BASE, but is "${given}".`);
  }
  return { capacityProvider, weight: Number(weight), ...(base === undefined ? {} : { base: Number(base) }) };
}
