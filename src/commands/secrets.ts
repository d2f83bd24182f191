import { nearest } from "../lib/nearest.ts";
import { apiFlags, apiHelp, openApi } from "./api-client.ts";
import { runCommand } from "./command.ts";
import { type CommandText, formFlag, type Typed, textFlag, UsageError } from "./flags/flags.ts";
import { readEnvFile } from "./secrets/env-file.ts";
import { type Destination, type ImportedSecret, importSecrets } from "./secrets/import-secrets.ts";
import { aligned } from "./text-table.ts";

const { cluster: _, ...flagsOfCalls } = apiFlags;

export const secretsCommand: CommandText = {
  usage: "berth secrets import FILE.env [flags]",
  about: `Stores each variable of a .env file as a secret, and prints what to put into a container definition: its "secrets", with the
ARN of each. The container then has the same variables, and neither the task definition nor DescribeTasks shows a value.
Values are sealed at rest, and this command never prints one. Delete the file afterwards.

In the file, a line is NAME=value. Comments begin with #, values may be quoted and then have several lines.
The task definition needs an executionRoleArn: AWS reads secrets as that role.
${apiHelp}`,
  flags: {
    to: {
      value: "SERVICE",
      help: "Where secrets go: secretsmanager (default), or ssm for SecureString parameters of Parameter Store.",
    },
    prefix: {
      value: "TEXT",
      help: "Put this before each name, such as prod/web/ (Secrets Manager) or /prod/web/ (ssm, which needs the first slash).",
    },
    overwrite: {
      value: null,
      help: "Give secrets that exist a new version. Without it nothing is changed if one exists.",
    },
    ...flagsOfCalls,
    json: { value: null, help: 'Print only the "secrets" of the container definition, as JSON.' },
  },
  examples: [
    {
      line: "berth secrets import .env --prefix prod/web/",
      about: "DB_PASSWORD becomes the secret prod/web/DB_PASSWORD.",
    },
    { line: "berth secrets import .env --to ssm --prefix /prod/web/", about: "The same as parameters." },
    {
      line: "berth secrets import .env --prefix prod/web/ --overwrite --json > secrets.json",
      about: "New versions of all of them, and the list for jq.",
    },
  ],
};

/** `berth secrets`. */
export function main(argv: readonly string[]): Promise<void> {
  return runCommand(secretsCommand, argv, async (typed) => {
    const file = importedFile(typed);
    const destination = destinationOf(typed);
    const prefix = textFlag(typed, "prefix", "");
    checkPrefix(prefix, destination);
    const variables = readEnvFile(file);
    const api = openApi(typed);
    try {
      const overwrite = typed.flags.has("overwrite");
      print(await importSecrets(variables, { api, destination, prefix, overwrite }), typed);
    } finally {
      api.close();
    }
  });
}

function importedFile({ words }: Typed): string {
  const [action = "", file, ...more] = words;
  if (action !== "import") {
    const close = nearest(action, ["import"]);
    const advice = close === null ? "Use import." : `Did you mean ${close}?`;
    throw new UsageError(action === "" ? `Which action? ${advice}` : `There is no action ${action}. ${advice}`);
  }
  if (file === undefined) throw new UsageError("The file is missing: berth secrets import FILE.env");
  if (more.length > 0) throw new UsageError(`"${more[0]}" is one word too many.`);
  return file;
}

function destinationOf(typed: Typed): Destination {
  const form = /^(secretsmanager|ssm)$/;
  return formFlag(typed, "to", { otherwise: "secretsmanager", form, says: "secretsmanager or ssm" }) as Destination;
}

/** What would be refused for each name is said once, before anything is stored. */
function checkPrefix(prefix: string, destination: Destination): void {
  if (destination === "secretsmanager") {
    if (/^[\w/+=.@!-]*$/.test(prefix)) return;
    throw new UsageError("--prefix can have letters, digits and -/_+=.@! in Secrets Manager.");
  }
  if (!/^[\w/.-]*$/.test(prefix)) throw new UsageError("--prefix can have letters, digits and /.-_ in ssm.");
  if (prefix.includes("/") && !prefix.startsWith("/")) {
    throw new UsageError(`--prefix begins with a slash in ssm if it has any: --prefix /${prefix}`);
  }
}

function print(imported: readonly ImportedSecret[], typed: Typed): void {
  const secrets = imported.map(({ variable, arn }) => ({ name: variable, valueFrom: arn }));
  if (typed.flags.has("json")) {
    process.stdout.write(`${JSON.stringify(secrets)}\n`);
    return;
  }
  const lines = secrets.map((secret) => `  ${JSON.stringify(secret)}`).join(",\n");
  const rows = aligned([["SECRET", "ARN"], ...imported.map(({ name, arn }) => [name, arn])]);
  const advice = "For the container definition:";
  process.stdout.write(`${rows.join("\n")}\n\n${advice}\n"secrets": [\n${lines}\n]\n`);
}
