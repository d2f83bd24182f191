import { existsSync } from "node:fs";
import { type AccessKey, AccessKeyError, AccessKeys } from "../auth/access-keys.ts";
import { sealKeyPath } from "../auth/seal-key.ts";
import { systemClock } from "../lib/clock.ts";
import { nearest } from "../lib/nearest.ts";
import { repairDataDirectory, repairText } from "../server/private-data-directory.ts";
import { SqliteStore } from "../store/sqlite/sqlite-store.ts";
import { runCommand } from "./command.ts";
import { type CommandText, formFlag, type Typed, textFlag, UsageError } from "./flags.ts";

const command: CommandText = {
  usage: "berth keys create|list|delete [ACCESS_KEY_ID] --data-dir DIR [flags]",
  about: `Makes, shows and deletes the access keys that \`berth serve\` accepts. The secret of a key is shown once, when it is
made; in the data directory it is sealed with the file seal.key, which belongs into the backup too, but in another place.
The server on that data directory must be stopped meanwhile.`,
  flags: {
    "data-dir": { value: "DIR", help: "The data directory of the server." },
    account: { value: "ACCOUNT", help: "The 12-digit account that the key belongs to (default 000000000000)." },
    user: { value: "NAME", help: "The user of the account that the key belongs to (default: the account's root)." },
    json: { value: null, help: "Print JSON." },
  },
  examples: [
    { line: "berth keys create --data-dir /var/lib/berth --user deploy", about: "A key for the user deploy." },
    { line: "berth keys list --data-dir /var/lib/berth", about: "All keys, without their secrets." },
    {
      line: "berth keys delete AKIAQ2EXAMPLE2345678 --data-dir /var/lib/berth",
      about: "The key is refused from then on.",
    },
  ],
};

const actions = { create: createKey, list: listKeys, delete: deleteKey } as const;

/** `berth keys`. */
export function main(argv: readonly string[]): Promise<void> {
  return runCommand(command, argv, async (typed) => {
    const [name = "", ...words] = typed.words;
    const found = Object.entries(actions).find(([action]) => action === name);
    if (found === undefined) {
      const close = nearest(name, Object.keys(actions));
      const advice = close === null ? "It is one of create, list and delete." : `Did you mean ${close}?`;
      throw new UsageError(name === "" ? `Which action? ${advice}` : `There is no action ${name}. ${advice}`);
    }
    const dataDir = textFlag(typed, "data-dir", null);
    if (dataDir === null) throw new UsageError("--data-dir DIR is needed: the data directory of the server.");
    // Only a key that is made may make its directory: a slip in the path is to be told, not to be obeyed.
    if (found[1] !== createKey && !existsSync(dataDir)) throw new UsageError(`There is no directory ${dataDir}.`);
    for (const repair of repairDataDirectory(dataDir)) process.stderr.write(`berth: ${repairText(repair)}\n`);
    const store = new SqliteStore({ dataDir });
    try {
      const keys = await AccessKeys.open(systemClock, store, sealKeyPath(dataDir));
      await found[1](keys, typed, words);
    } catch (error) {
      throw error instanceof AccessKeyError ? new UsageError(error.message, { cause: error }) : error;
    } finally {
      await store.close();
    }
  });
}

async function createKey(keys: AccessKeys, typed: Typed, words: readonly string[]): Promise<void> {
  expectWords(words, 0);
  const says = "an account of 12 digits";
  const account = formFlag(typed, "account", { otherwise: "000000000000", form: /^\d{12}$/, says });
  const { accessKeyId, secret, userName } = await keys.createKey({ account, userName: textFlag(typed, "user", null) });
  if (typed.flags.has("json")) return printJson({ accessKeyId, secretAccessKey: secret, account, userName });
  process.stdout.write(`AWS_ACCESS_KEY_ID=${accessKeyId}\nAWS_SECRET_ACCESS_KEY=${secret}\n`);
  process.stderr.write("The secret is not shown again.\n");
}

async function listKeys(keys: AccessKeys, typed: Typed, words: readonly string[]): Promise<void> {
  expectWords(words, 0);
  const all = keys.listKeys();
  if (typed.flags.has("json")) return printJson(all.map((key) => ({ ...key, createdAt: timeOf(key) })));
  if (all.length === 0) process.stderr.write("There are no access keys. `berth keys create` makes one.\n");
  for (const key of all) {
    process.stdout.write(`${key.accessKeyId}  ${key.account}  ${timeOf(key)}  ${key.userName ?? "(root)"}\n`);
  }
}

async function deleteKey(keys: AccessKeys, typed: Typed, words: readonly string[]): Promise<void> {
  expectWords(words, 1);
  const [accessKeyId = ""] = words;
  if (!(await keys.deleteKey(accessKeyId))) throw new UsageError(`There is no access key ${accessKeyId}.`);
  if (typed.flags.has("json")) return printJson({ accessKeyId, deleted: true });
  process.stdout.write(`Deleted ${accessKeyId}.\n`);
}

const timeOf = (key: AccessKey): string => new Date(key.createdAt).toISOString();

function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

function expectWords(words: readonly string[], count: number): void {
  if (words.length > count) throw new UsageError(`"${words[count]}" is one word too many.`);
  if (words.length < count) throw new UsageError("The id of an access key is missing.");
}
