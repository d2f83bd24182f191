import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { ApiError } from "../remote/api-error.ts";
import type { AgentCredentials } from "../remote/request-signer.ts";

/** The file with the keys of profiles, as the AWS CLI and the SDKs have it. */
export const profilesFile = (environment: NodeJS.ProcessEnv = process.env): string =>
  environment.AWS_SHARED_CREDENTIALS_FILE || join(environment.HOME || homedir(), ".aws", "credentials");

/** The keys of a profile in that file. Rejects with ApiError if it cannot be read or has none. */
export async function profileKeys(file: string, profile: string): Promise<AgentCredentials> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ApiError("NoCredentials", `The profiles in ${file} cannot be read (${why}).`, 400, cause);
  }
  const settings = settingsOf(text, profile);
  const accessKeyId = settings.get("aws_access_key_id");
  const secretAccessKey = settings.get("aws_secret_access_key");
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    throw new ApiError("NoCredentials", `The profile ${profile} in ${file} has no access key.`, 400);
  }
  return { accessKeyId, secretAccessKey, sessionToken: settings.get("aws_session_token") ?? null };
}

/** The settings of a profile: `[name]`, then `key = value`, with comments (`#`, `;`) between them. */
function settingsOf(text: string, profile: string): ReadonlyMap<string, string> {
  const settings = new Map<string, string>();
  let isHere = false;
  for (const line of text.split(/\r?\n/)) {
    const head = /^\s*\[\s*(?:profile\s+)?([^\]]*?)\s*\]/.exec(line);
    if (head !== null) isHere = head[1] === profile;
    const [, key, value] = /^([A-Za-z_]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (isHere && key !== undefined && value !== undefined) settings.set(key.toLowerCase(), value);
  }
  return settings;
}
