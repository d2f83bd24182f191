/** Who may import whom. The tables are the architecture; docs/architecture.md explains them. */
import { posix } from "node:path";
import { areaOf, type Import, importsOf, isTest, type Sources } from "./sources.ts";

/** The folders of `src/` from the bottom up, each with the folders that it may import in addition to itself. */
export const mayImport: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  ecs: ["lib"],
  "agent-protocol": ["lib"],
  // Services other than ECS, a folder each, on one kind of machine.
  "service-machine": ["ecs", "lib"],
  logs: ["service-machine", "ecs", "lib"],
  ec2: ["service-machine", "ecs", "lib"],
  "secrets-manager": ["service-machine", "ecs", "lib"],
  ssm: ["service-machine", "ecs", "lib"],
  sts: ["service-machine", "ecs", "lib"],
  wire: ["ecs", "service-machine", "logs", "ec2", "secrets-manager", "ssm", "sts", "lib"],
  store: ["ecs", "lib"],
  "log-store": ["logs", "ecs", "lib"],
  auth: ["service-machine", "store", "lib"],
  "cluster-runner": ["ecs", "service-machine", "store", "lib"],
  "agent-sessions": ["agent-protocol", "cluster-runner", "ecs", "auth", "lib"],
  agent: ["agent-protocol", "lib"],
  cli: ["store", "lib"],
  server: [
    "agent",
    "agent-protocol",
    "agent-sessions",
    "auth",
    "cluster-runner",
    "ec2",
    "ecs",
    "lib",
    "log-store",
    "logs",
    "service-machine",
    "store",
    "wire",
  ],
  commands: ["agent", "agent-protocol", "auth", "ecs", "lib", "server", "store", "wire"],
  simulator: ["agent", "agent-protocol", "agent-sessions", "auth", "cluster-runner", "ecs", "lib", "store", "wire"],
};

/**
 * The folders of the rulebook, `src/ecs/`, in their layers from the bottom up, each with those that it may import in addition to
 * itself. `ground` means the files directly in `src/ecs/`.
 */
export const rulebookMayImport: Readonly<Record<string, readonly string[]>> = {
  ground: [],
  events: [],
  // Documents: plain data, its states and what follows from one document alone.
  documents: ["ground"],
  // Tables: what holds documents, takes a refused step back, and knows what is due.
  tables: ["ground", "documents"],
  // Indexes: what follows from all documents of a kind, kept up to date by the tables.
  indexes: ["ground", "documents", "tables"],
  // Decisions about values, which need no step.
  "cluster-query": ["ground", "documents", "indexes"],
  placement: ["ground", "documents", "tables", "indexes", "cluster-query"],
  "definition-rules": ["ground", "documents"],
  // The state of a cluster and of an account, and a step over it.
  state: ["ground", "events", "documents", "tables", "indexes", "placement"],
  // Decisions and changes that several operations share.
  references: ["ground", "documents", "state"],
  fargate: ["ground", "documents", "state"],
  "task-life": ["ground", "documents", "state", "references", "fargate"],
  rollout: ["ground", "events", "documents", "state", "task-life"],
  launch: ["ground", "documents", "placement", "definition-rules", "state", "references", "fargate", "task-life"],
  // What a service is and what to do about it: these decide and write nothing.
  "service-view": ["ground", "documents", "placement", "state", "launch"],
  "service-plan": ["ground", "documents", "placement", "state", "rollout", "launch", "service-view"],
  // A look at a service: plans, and carries plans out.
  "service-look": [
    "documents",
    "placement",
    "state",
    "fargate",
    "task-life",
    "rollout",
    "launch",
    "service-view",
    "service-plan",
  ],
  // Operations and reports, a folder per noun.
  "account-settings": ["ground", "documents", "state"],
  "capacity-providers": ["ground", "documents", "state", "references"],
  "task-definitions": ["ground", "documents", "indexes", "cluster-query", "definition-rules", "state", "references"],
  tasks: [
    "ground",
    "events",
    "documents",
    "placement",
    "definition-rules",
    "state",
    "references",
    "task-life",
    "launch",
  ],
  services: [
    "ground",
    "documents",
    "indexes",
    "placement",
    "state",
    "references",
    "task-life",
    "rollout",
    "launch",
    "service-view",
    "service-plan",
    "tasks",
  ],
  deployments: ["ground", "documents", "state", "references", "rollout", "services"],
  "container-instances": [
    "ground",
    "events",
    "documents",
    "indexes",
    "cluster-query",
    "state",
    "references",
    "task-life",
    "capacity-providers",
  ],
  agents: ["ground", "documents", "state", "references", "fargate", "task-life", "container-instances"],
  attributes: ["ground", "documents", "state", "references", "capacity-providers", "container-instances"],
  drains: [
    "ground",
    "events",
    "documents",
    "placement",
    "state",
    "references",
    "fargate",
    "task-life",
    "rollout",
    "service-view",
    "service-plan",
    "service-look",
    "tasks",
    "container-instances",
  ],
  clusters: ["ground", "documents", "state", "references", "fargate", "launch", "account-settings", "services"],
  tags: ["ground", "documents", "state", "references"],
  // The machines: which operation answers, what is due, how a step ends.
  machine: [
    "ground",
    "events",
    "documents",
    "tables",
    "placement",
    "state",
    "references",
    "fargate",
    "task-life",
    "rollout",
    "launch",
    "service-look",
    "account-settings",
    "capacity-providers",
    "task-definitions",
    "tasks",
    "services",
    "deployments",
    "container-instances",
    "agents",
    "attributes",
    "drains",
    "clusters",
    "tags",
  ],
};

/** Folders of the rulebook whose files decide and write nothing, nor does anything that they call. */
export const decidingFolders: readonly string[] = ["service-view", "service-plan"];

/** The only place (folders or files) of each package, and of built-in modules that need one. */
export const homes: Readonly<Record<string, readonly string[]>> = {
  "@aws-sdk/client-ec2": ["scripts/sdk-shapes.ts"],
  "@aws-sdk/client-ecs": ["src/cli/", "bench/", "scripts/sdk-shapes.ts"],
  "@aws-sdk/client-cloudwatch-logs": ["src/cli/", "bench/logs.ts", "scripts/sdk-shapes.ts"],
  "@aws-sdk/client-secrets-manager": ["src/cli/", "scripts/sdk-shapes.ts"],
  "@aws-sdk/client-ssm": ["src/cli/", "scripts/sdk-shapes.ts"],
  "@aws-sdk/client-sts": ["scripts/sdk-shapes.ts"],
  "@smithy/signature-v4": ["src/auth/", "src/agent/remote/", "bench/"],
  re2js: ["src/agent/logs/"],
  "fast-check": [],
  fastify: ["src/server/"],
  pino: ["src/server/"],
  "prom-client": ["src/server/"],
  ws: ["src/agent-sessions/", "src/agent/remote/"],
  "node:sqlite": ["src/store/sqlite/", "src/log-store/"],
  "node:test": ["scripts/run-test-files.ts", "scripts/shared-tests.ts", "scripts/test-report.ts"],
  "node:assert": [],
  "node:assert/strict": [],
};

/** Files that only tests use, besides what they help to test. They may import what a test may. */
export const testSupport: readonly string[] = [
  "src/agent-sessions/payload/payload-members.ts",
  "src/agent-sessions/small-sessions.ts",
  "src/agent/engine/engine-bench.ts",
  "src/agent/played-control-plane.ts",
  "src/agent/task-endpoints/small-endpoints.ts",
  "src/agent/task-services/small-aws.ts",
  "src/cluster-runner/counting-machine.ts",
  "src/cluster-runner/cranked-control-plane.ts",
  "src/cluster-runner/through-json.ts",
  "src/ecs/container-instances/instance-world.ts",
  "src/ecs/drains/drain-world.ts",
  "src/ecs/services/service-world.ts",
  "src/ecs/small-account.ts",
  "src/ecs/small-world.ts",
  "src/ecs/state-picture.ts",
  "src/ecs/step-rules.ts",
  "src/log-store/writing-process.ts",
  "src/server/companion/recording-companion.ts",
  "src/server/http/small-http.ts",
  "src/service-machine/small-service-world.ts",
  "src/service-machine/small-service.ts",
  "src/server/small-server.ts",
  "src/store/sqlite/appending-process.ts",
  "src/store/store-contract.ts",
  "src/wire/request-leaves.ts",
  "src/wire/sample-values.ts",
];

/** Path prefixes of the pure part, the rulebooks and the agent's task engine: nothing from Node, no package. As in biome.json. */
export const purePlaces: readonly string[] = [
  "src/ecs/",
  "src/logs/",
  "src/ec2/",
  "src/secrets-manager/",
  "src/service-machine/",
  "src/ssm/",
  "src/sts/",
  "src/agent/engine/",
];

const forbiddenNames = ["utils", "util", "helpers", "helper", "common", "misc", "types", "manager", "base", "index"];

/** Every breach of the tables above, a line each. `packages` are those of package.json. */
export function architectureViolations(sources: Sources, packages: readonly string[]): string[] {
  const found: string[] = [];
  for (const [file, text] of sources) {
    found.push(...nameViolations(file));
    for (const imported of importsOf(file, text)) {
      const reason = imported.relative
        ? relativeViolation(file, imported, sources)
        : packageViolation(file, imported.target, packages);
      if (reason !== null) found.push(`${file}: ${reason}`);
    }
  }
  return [...found, ...writingDecisions(sources), ...cycles(sources)];
}

/** How files of the rulebook write: a document of a table, or through a step. */
const writing =
  /\bstate\.\w+\.(?:put|delete)\(|\bstep\.(?:change|note|announce)\w*\(|\.(?:lacksRoom|forget)\(|\blooks\.\w+\(/;

/** Deciding files that write, or that can call a file that does: only imports of types are no way to call. */
function writingDecisions(sources: Sources): string[] {
  const found: string[] = [];
  for (const file of sources.keys()) {
    if (!file.startsWith("src/ecs/") || !decidingFolders.includes(rulebookFolderOf(file))) continue;
    if (isTest(file) || testSupport.includes(file)) continue;
    const path = pathToWriting(file, sources, new Set());
    if (path !== null) found.push(`${file}: decides, but can write: ${path.join(" -> ")}`);
  }
  return found;
}

/** The imports that lead from a file to one that writes, or null. */
function pathToWriting(file: string, sources: Sources, seen: Set<string>): string[] | null {
  const text = sources.get(file);
  if (text === undefined || seen.has(file) || !file.startsWith("src/ecs/")) return null;
  seen.add(file);
  if (writing.test(text)) return [file];
  for (const { relative, target } of importsOf(file, withoutTypeImports(text))) {
    const path = relative ? pathToWriting(target, sources, seen) : null;
    if (path !== null) return [file, ...path];
  }
  return null;
}

const withoutTypeImports = (text: string): string => text.replace(/^import type [^;]*;/gm, "");

function nameViolations(file: string): string[] {
  const parts = file.replace(/(?:\.test)?\.ts$/, "").split("/");
  return parts
    .filter((part) => forbiddenNames.includes(part))
    .map((part) => `${file}: "${part}" says nothing; name it after what it holds`);
}

function relativeViolation(file: string, imported: Import, sources: Sources): string | null {
  const { target, dynamic } = imported;
  // The compiler sees that the file is there.
  if (target.endsWith(".json"))
    return isBeside(file, target) ? null : `imports ${target}; data is read by its own folder`;
  if (!sources.has(target)) return `imports ${target}, which does not exist`;
  const forTests = isTest(file) || testSupport.includes(file);
  if (isTest(target) && !forTests) return `imports the test ${target}`;
  if (testSupport.includes(target) && !forTests) return `imports ${target}, which is for tests only`;
  if (forTests || !file.startsWith("src/")) return null;
  const from = areaOf(file);
  const to = areaOf(target);
  if (!target.startsWith("src/")) return `imports ${target}; src/ stands on its own`;
  if (file === "src/cli/main.ts" && to === "commands" && dynamic) return null;
  if (from === "ecs" && to === "ecs") return rulebookViolation(file, target);
  if (from === to) return null;
  if (mayImport[from] === undefined) return `the table of imports lacks the folder ${from}`;
  return mayImport[from].includes(to) ? null : `imports ${target}; ${from} may not import ${to}`;
}

const isBeside = (file: string, other: string): boolean => posix.dirname(file) === posix.dirname(other);

function rulebookViolation(file: string, target: string): string | null {
  const from = rulebookFolderOf(file);
  const to = rulebookFolderOf(target);
  if (from === to) return null;
  if (rulebookMayImport[from] === undefined) return `the table of the rulebook lacks the folder ${from}`;
  return rulebookMayImport[from].includes(to) ? null : `imports ${target}; ecs/${from} may not import ecs/${to}`;
}

/** The folder of a rulebook file, named as in its table. */
export function rulebookFolderOf(file: string): string {
  const [, , folder = "", ...rest] = file.split("/");
  return rest.length === 0 ? "ground" : folder;
}

function packageViolation(file: string, module: string, packages: readonly string[]): string | null {
  const forTests = isTest(file) || testSupport.includes(file);
  const builtIn = module.startsWith("node:");
  const name = builtIn ? module : module.split("/", module.startsWith("@") ? 2 : 1).join("/");
  if (!builtIn && !packages.includes(name)) return `imports ${module}, which package.json does not name`;
  if (forTests) return null;
  if (purePlaces.some((place) => file.startsWith(place))) return `imports ${module}; the rulebook is pure`;
  const home = homes[name];
  if (home === undefined) return builtIn ? null : `imports ${name}, which has no home in the table`;
  return home.some((place) => file.startsWith(place)) ? null : `imports ${name}, whose home is elsewhere`;
}

/** Cycles of imports, each reported once from its first file. Type imports count, because a reader follows them too. */
function cycles(sources: Sources): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    const at = path.indexOf(file);
    if (at >= 0) {
      found.push(`cycle: ${[...path.slice(at), file].join(" -> ")}`);
      return;
    }
    if (done.has(file)) return;
    path.push(file);
    for (const imported of importsOf(file, sources.get(file) ?? "")) {
      if (imported.relative && !imported.dynamic && sources.has(imported.target)) {
        visit(imported.target);
      }
    }
    path.pop();
    done.add(file);
  };
  for (const file of sources.keys()) visit(file);
  return found;
}
