/** Finds the command and starts it; `berth.js` starts this. Everything is imported when it is needed, so that a command starts at once. */
import { berthVersion } from "../lib/berth-version.ts";
import { nearest } from "../lib/nearest.ts";

const overview = `Berth: the Amazon ECS control plane that you can run yourself.

Usage: berth COMMAND [flags]

Commands:
  dev      A control plane with simulated container instances on this machine, for trying and testing.
  serve    A control plane for others: every call is signed and checked.
  keys     Makes, shows and deletes the access keys that serve accepts.
  check    Checks a data directory: what is damaged or missing, and what to do.
  agent    Makes this machine a container instance of a control plane: runs its tasks in Docker.
  hosts    Simulated hosts that join a control plane elsewhere, for load tests and rehearsals.
  drain    Empties container instances: says what would move, starts, shows the progress, cancels.
  logs     What the containers of a task or service have written.
  explain  Where tasks would go, or what each container instance lacks.
  secrets  Imports a .env file as secrets or parameters that tasks read.
  version  The version.
  help     This text, or that of a command: berth help dev

Examples:
  berth dev
      Listens on http://127.0.0.1:4280 with three container instances and keeps its state in .berth.
  berth dev --port 0 --in-memory --json
      For tests: a free port, nothing kept, one line of JSON that says where it listens.
`;

type Main = (argv: readonly string[]) => Promise<void>;

const commands: Readonly<Record<string, Main>> = {
  dev: async (argv) => (await import("../commands/dev.ts")).main(argv),
  serve: async (argv) => (await import("../commands/serve.ts")).main(argv),
  agent: async (argv) => (await import("../commands/agent.ts")).main(argv),
  keys: async (argv) => (await import("../commands/keys.ts")).main(argv),
  check: async (argv) => (await import("../commands/check.ts")).main(argv),
  hosts: async (argv) => (await import("../commands/hosts.ts")).main(argv),
  drain: async (argv) => (await import("../commands/drain.ts")).main(argv),
  logs: async (argv) => (await import("../commands/logs.ts")).main(argv),
  explain: async (argv) => (await import("../commands/explain.ts")).main(argv),
  secrets: async (argv) => (await import("../commands/secrets.ts")).main(argv),
  version: async () => print(version()),
  help: async ([name]) => (name === undefined ? print(overview) : commandOf(name)(["--help"])),
};

const [name = "help", ...argv] = process.argv.slice(2);
if (name === "--help" || name === "-h") print(overview);
else if (name === "--version") print(version());
else await commandOf(name)(argv);

function commandOf(given: string): Main {
  const found = Object.hasOwn(commands, given) ? commands[given] : undefined;
  return found ?? (async () => unknownCommand(given));
}

function unknownCommand(given: string): void {
  const close = nearest(given, Object.keys(commands));
  const advice = close === null ? "`berth help` lists them." : `Did you mean ${close}?`;
  process.stderr.write(`berth: There is no command ${given}. ${advice}\n`);
  process.exitCode = 2;
}

function version(): string {
  return `${berthVersion()}\n`;
}

function print(text: string): void {
  process.stdout.write(text);
}
