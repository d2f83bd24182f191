import { existsSync } from "node:fs";
import type { CreatedKey, ListedKey } from "../auth/access-keys.ts";
import type { KeyAdministration } from "../auth/key-administration.ts";
import { AccessKeyError } from "../auth/key-request.ts";
import { type Role, roles, roleTexts } from "../auth/roles.ts";
import { nearest } from "../lib/nearest.ts";
import { systemClock } from "../lib/system-clock.ts";
import { repairDataDirectory, repairText } from "../server/private-data-directory.ts";
import { runCommand } from "./command.ts";
import { durationFlag } from "./flags/durations.ts";
import { type CommandText, formFlag, listFlag, type Typed, textFlag, UsageError } from "./flags/flags.ts";
import { withAccessKeys } from "./keys/key-store.ts";
import { aligned } from "./text-table.ts";

const command: CommandText = {
  usage: "berth keys create|list|rotate|delete [ACCESS_KEY_ID] --data-dir DIR [flags]",
  about: `Creates, lists, rotates and deletes (or "revoke"s) the access keys that \`berth serve\` accepts, whether the server runs or not.
A change takes effect at once, also for agents that are connected. The secret of a key is shown once, when it is created; in the
data directory it is encrypted with seal.key. Back that file up too, in a different place.

Roles:
${roles.map((role) => `  ${role.padEnd(10)} ${roleTexts[role]}`).join("\n")}`,
  flags: {
    "data-dir": { value: "DIR", help: "The data directory of the server." },
    role: { value: "ROLE", help: `What the key is for: ${roles.join(", ")} (default admin).` },
    cluster: {
      value: "NAME",
      help: "Bind the key to this cluster. Repeatable (default: all clusters).",
      repeats: true,
    },
    expires: { value: "WHEN", help: "When it expires: 90d, 12h or a date such as 2027-03-01 (default: never)." },
    account: { value: "ACCOUNT", help: "The 12-digit account the key belongs to (default 000000000000)." },
    user: {
      value: "NAME",
      help: "Its user (default: the account's root for admin, otherwise a user named like the role).",
    },
    overlap: { value: "TIME", help: "rotate: how long the old key stays valid, such as 1h (default 1d)." },
    json: { value: null, help: "Print JSON." },
  },
  examples: [
    { line: "berth keys create --data-dir /var/lib/berth --user deploy", about: "A key for the user deploy." },
    {
      line: "berth keys create --data-dir /var/lib/berth --role agent --cluster prod --expires 90d",
      about: "A key for a machine that joins the cluster prod.",
    },
    { line: "berth keys list --data-dir /var/lib/berth", about: "All keys, without their secrets." },
    {
      line: "berth keys rotate AKIAQ2EXAMPLE2345678 --data-dir /var/lib/berth --overlap 1h",
      about: "A new key with the same rights; the old one expires in an hour.",
    },
    {
      line: "berth keys delete AKIAQ2EXAMPLE2345678 --data-dir /var/lib/berth",
      about: "The key is refused from now on.",
    },
  ],
};

type Run = (keys: KeyAdministration, typed: Typed, words: readonly string[]) => Promise<void>;

const actions: Readonly<Record<string, Run>> = {
  create: createKey,
  list: listKeys,
  rotate: rotateKey,
  delete: deleteKey,
  revoke: deleteKey,
};

/** `berth keys`. */
export function main(argv: readonly string[]): Promise<void> {
  return runCommand(command, argv, async (typed) => {
    const [name = "", ...words] = typed.words;
    const run = Object.hasOwn(actions, name) ? actions[name] : undefined;
    if (run === undefined) {
      const close = nearest(name, Object.keys(actions));
      const advice = close === null ? "Use one of create, list, rotate and delete." : `Did you mean ${close}?`;
      throw new UsageError(name === "" ? `Which action? ${advice}` : `There is no action ${name}. ${advice}`);
    }
    const dataDir = textFlag(typed, "data-dir", null);
    if (dataDir === null) throw new UsageError("--data-dir DIR is needed: the data directory of the server.");
    // Only a new key may make its directory, so that a typing mistake is reported instead of obeyed.
    if (run !== createKey && !existsSync(dataDir)) throw new UsageError(`There is no directory ${dataDir}.`);
    for (const repair of repairDataDirectory(dataDir)) process.stderr.write(`berth: ${repairText(repair)}\n`);
    try {
      await withAccessKeys(dataDir, (keys) => run(keys, typed, words));
    } catch (error) {
      throw error instanceof AccessKeyError ? new UsageError(error.message, { cause: error }) : error;
    }
  });
}

async function createKey(keys: KeyAdministration, typed: Typed, words: readonly string[]): Promise<void> {
  expectWords(words, 0);
  expectNoFlag(typed, "overlap");
  const says = "an account of 12 digits";
  const account = formFlag(typed, "account", { otherwise: "000000000000", form: /^\d{12}$/, says });
  const clusters = typed.lists.has("cluster") ? listFlag(typed, "cluster") : null;
  const userName = textFlag(typed, "user", null);
  const role = roleFlag(typed) ?? "admin";
  printCreated(await keys.createKey({ account, userName, role, clusters, expiresAt: expiresFlag(typed) }), typed);
}

async function rotateKey(keys: KeyAdministration, typed: Typed, words: readonly string[]): Promise<void> {
  expectWords(words, 1);
  for (const flag of ["account", "user"]) expectNoFlag(typed, flag);
  const [accessKeyId = ""] = words;
  const role = roleFlag(typed);
  const expiresAt = expiresFlag(typed);
  const created = await keys.rotateKey(accessKeyId, {
    overlapMs: durationFlag(typed, "overlap", { minMs: 0, maxMs: 3_650 * 86_400_000 }) ?? 86_400_000,
    ...(role !== null && { role }),
    ...(typed.lists.has("cluster") && { clusters: listFlag(typed, "cluster") }),
    ...(expiresAt !== null && { expiresAt }),
  });
  if (created === null) throw unknownKey(accessKeyId);
  printCreated(created, typed);
}

function printCreated(created: CreatedKey, typed: Typed): void {
  const { accessKeyId, secret, account, userName, role, clusters, expiresAt } = created;
  if (typed.flags.has("json")) {
    const shown = {
      accessKeyId,
      secretAccessKey: secret,
      account,
      userName,
      role,
      clusters,
      expiresAt: timeOf(expiresAt),
    };
    printJson(shown);
    return;
  }
  process.stdout.write(`AWS_ACCESS_KEY_ID=${accessKeyId}\nAWS_SECRET_ACCESS_KEY=${secret}\n`);
  process.stderr.write("The secret is not shown again.\n");
}

async function listKeys(keys: KeyAdministration, typed: Typed, words: readonly string[]): Promise<void> {
  expectWords(words, 0);
  for (const flag of ["account", "user", "role", "cluster", "expires", "overlap"]) expectNoFlag(typed, flag);
  const all = await keys.listKeys();
  if (typed.flags.has("json")) {
    printJson(
      all.map((key) => ({
        ...key,
        createdAt: timeOf(key.createdAt),
        expiresAt: timeOf(key.expiresAt),
        lastUsedAt: timeOf(key.lastUsedAt),
      })),
    );
    return;
  }
  if (all.length === 0) {
    process.stderr.write("There are no access keys. Create one with `berth keys create`.\n");
    return;
  }
  const heads = ["KEY", "ACCOUNT", "USER", "ROLE", "CLUSTERS", "CREATED", "EXPIRES", "LAST USED"];
  process.stdout.write(`${aligned([heads, ...all.map(cellsOf)]).join("\n")}\n`);
}

function cellsOf(key: ListedKey): readonly string[] {
  const { accessKeyId, account, userName, role, clusters, createdAt, expiresAt, lastUsedAt, expired } = key;
  const expiry = expiresAt === null ? "never" : `${expired ? "expired " : ""}${timeOf(expiresAt)}`;
  const names = clusters === null ? "all" : clusters.join(",");
  return [
    accessKeyId,
    account,
    userName ?? "(root)",
    role,
    names,
    timeOf(createdAt) ?? "",
    expiry,
    timeOf(lastUsedAt) ?? "never",
  ];
}

async function deleteKey(keys: KeyAdministration, typed: Typed, words: readonly string[]): Promise<void> {
  expectWords(words, 1);
  for (const flag of ["account", "user", "role", "cluster", "expires", "overlap"]) expectNoFlag(typed, flag);
  const [accessKeyId = ""] = words;
  if (!(await keys.deleteKey(accessKeyId))) throw unknownKey(accessKeyId);
  if (typed.flags.has("json")) printJson({ accessKeyId, deleted: true });
  else process.stdout.write(`Deleted ${accessKeyId}.\n`);
}

function roleFlag(typed: Typed): Role | null {
  const given = textFlag(typed, "role", null);
  if (given === null) return null;
  const role = roles.find((each) => each === given);
  if (role !== undefined) return role;
  throw new UsageError(`--role must be one of ${roles.join(", ")}, but is "${given}".`);
}

/** Epoch milliseconds. Null if it is not given. A date means its first moment in UTC. */
function expiresFlag(typed: Typed): number | null {
  const given = textFlag(typed, "expires", null);
  if (given === null) return null;
  if (!/^\d{4}-/.test(given)) {
    const ms = durationFlag(typed, "expires", { minMs: 1_000, maxMs: 3_650 * 86_400_000 });
    return ms === null ? null : systemClock.wall() + ms;
  }
  const isDate = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?Z)?$/.test(given);
  const at = isDate ? Date.parse(given) : Number.NaN;
  // A day that does not exist, such as the 31st of June, would silently become another.
  const exists = !Number.isNaN(at) && new Date(at).toISOString().startsWith(given.slice(0, 10));
  if (!exists) throw new UsageError(`--expires must be a time like 90d or a date like 2027-03-01, but is "${given}".`);
  if (at <= systemClock.wall()) throw new UsageError(`--expires must be in the future, but is "${given}".`);
  return at;
}

const unknownKey = (accessKeyId: string): UsageError => new UsageError(`There is no access key ${accessKeyId}.`);

const timeOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

function expectNoFlag(typed: Typed, name: string): void {
  if (typed.flags.has(name) || typed.lists.has(name)) throw new UsageError(`--${name} has no meaning here.`);
}

function expectWords(words: readonly string[], count: number): void {
  if (words.length > count) throw new UsageError(`"${words[count]}" is one word too many.`);
  if (words.length < count) throw new UsageError("The id of an access key is missing.");
}
