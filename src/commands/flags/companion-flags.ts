import { readFileSync } from "node:fs";
import type { OtherCredentials } from "../../auth/sign-for-another.ts";
import { mustBePrivate, NotPrivateError } from "../../lib/private-files.ts";
import type { CompanionOptions } from "../../server/server.ts";
import { StartError } from "../../server/start-error.ts";
import { surroundingServices } from "../../wire/services.ts";
import { type Flag, type Typed, textFlag, UsageError } from "./flags.ts";

/** Flags of `berth dev` and `berth serve` for the companion. */
export const companionFlags = {
  companion: {
    value: "URL",
    help: "An emulator or proxy, such as moto or LocalStack, that answers for the services that Berth doesn't have.",
  },
  "companion-services": {
    value: "LIST",
    help: `Built-in services that the companion answers all the same: ${builtInNames().join(", ")}.`,
  },
} as const satisfies Record<string, Flag>;

/** The flag that only `berth serve` has, because `berth dev` passes requests on as they came. */
export const companionKeyFlag = {
  "companion-credentials": {
    value: "FILE",
    help: "The key to sign calls for the companion with, in the form of ~/.aws/credentials (default: BERTH_COMPANION_ACCESS_KEY_ID, BERTH_COMPANION_SECRET_ACCESS_KEY).",
  },
} as const satisfies Record<string, Flag>;

function builtInNames(): readonly string[] {
  return surroundingServices.map(({ signingName }) => signingName).sort();
}

/** The companion without a key. null if there is none. Throws UsageError for an address or a service that cannot be. */
export function companionFrom(typed: Typed): CompanionOptions | null {
  const url = textFlag(typed, "companion", null);
  const given = textFlag(typed, "companion-services", null);
  if (url === null) {
    if (given !== null)
      throw new UsageError("--companion-services needs --companion URL, which is to answer for them.");
    return null;
  }
  if (!/^https?:\/\/[^/?#@\\]+\/?$/i.test(url) || !URL.canParse(url)) {
    // A name and a password are not used here, and must not be shown.
    const shown = url.replace(/\/\/.*@/, "//…@");
    throw new UsageError(`--companion must be an address like http://127.0.0.1:5000, but is "${shown}".`);
  }
  const services = (given ?? "").split(",").map((name) => name.trim());
  const unknown = services.find((name) => name !== "" && !builtInNames().includes(name));
  if (unknown !== undefined) {
    const known = builtInNames().join(", ");
    throw new UsageError(
      `--companion-services has "${unknown}", which Berth doesn't have, so that it goes to the companion anyway; or it is ECS itself. Built in are ${known}.`,
    );
  }
  return { url: new URL(url).origin, services: new Set(services.filter((name) => name !== "")), credentials: null };
}

/**
 * The companion and the key to sign its calls with. null if there is none. Throws UsageError also if the key is missing, StartError for a file
 * that cannot be read, or that others can read.
 */
export function signedCompanionFrom(
  typed: Typed,
  environment: NodeJS.ProcessEnv = process.env,
): CompanionOptions | null {
  const companion = companionFrom(typed);
  const file = textFlag(typed, "companion-credentials", null);
  if (companion === null) {
    if (file !== null) throw new UsageError("--companion-credentials needs --companion URL.");
    return null;
  }
  return { ...companion, credentials: file === null ? fromEnvironment(environment) : fromFile(file) };
}

function fromEnvironment(environment: NodeJS.ProcessEnv): OtherCredentials {
  const {
    BERTH_COMPANION_ACCESS_KEY_ID: accessKeyId,
    BERTH_COMPANION_SECRET_ACCESS_KEY: secretAccessKey,
    BERTH_COMPANION_SESSION_TOKEN: token,
  } = environment;
  if (!accessKeyId || !secretAccessKey) {
    throw new UsageError(
      "--companion needs a key to sign calls with: --companion-credentials FILE, or BERTH_COMPANION_ACCESS_KEY_ID and BERTH_COMPANION_SECRET_ACCESS_KEY in the environment. An emulator takes any.",
    );
  }
  return { accessKeyId, secretAccessKey, sessionToken: token || null };
}

/** The section [default] of the file, or what is before the first section. */
function fromFile(file: string): OtherCredentials {
  let text: string;
  try {
    mustBePrivate(file, "credentials file");
    text = readFileSync(file, "utf8");
  } catch (cause) {
    if (cause instanceof NotPrivateError) throw new StartError(cause.message, { cause });
    throw new StartError(`--companion-credentials ${file} cannot be read.`, { cause });
  }
  const values = new Map<string, string>();
  let isDefault = true;
  for (const line of text.split("\n")) {
    const section = /^\s*\[\s*(.*?)\s*\]\s*$/.exec(line);
    if (section !== null) isDefault = section[1] === "default";
    const [, name, value] = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (isDefault && name !== undefined && value !== undefined) values.set(name.toLowerCase(), value);
  }
  const [accessKeyId, secretAccessKey] = [values.get("aws_access_key_id"), values.get("aws_secret_access_key")];
  if (!accessKeyId || !secretAccessKey) {
    throw new StartError(`--companion-credentials ${file} needs aws_access_key_id and aws_secret_access_key.`);
  }
  return { accessKeyId, secretAccessKey, sessionToken: values.get("aws_session_token") || null };
}
