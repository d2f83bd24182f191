import { readFile, realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import type { PayloadContainer } from "../../agent-protocol/to-agent/payload-container.ts";
import type { AwsClient } from "../remote/aws-client.ts";
import { type CredentialsOf, failureOf, retriedText } from "./task-secrets.ts";

/** Where environment files come from. */
export type FileSource = {
  readonly client: AwsClient;
  /** A folder with a folder for each bucket, instead of S3. Null for S3. */
  readonly bucketDir: string | null;
};

/** An environment file cannot be had. The message is the end of AWS's reason. */
export class EnvironmentFileError extends Error {
  override readonly name = "EnvironmentFileError";
}

/** LIMIT: a container's whole environment must fit into the kernel's 2 MiB for arguments and variables. */
const fileCharactersMax = 2_097_152;

/**
 * The variables in the environment files of a container. AWS: if two files set the same variable, the first wins. Rejects with
 * EnvironmentFileError.
 */
export async function readEnvironmentFiles(
  source: FileSource,
  credentials: CredentialsOf,
  { environmentFiles }: PayloadContainer,
  region: string,
): Promise<Readonly<Record<string, string>>> {
  let variables: Readonly<Record<string, string>> = {};
  for (const { value } of environmentFiles ?? []) {
    const text = await fileText(source, credentials, value, region);
    if (text.length > fileCharactersMax)
      throw new EnvironmentFileError(`${value} has more than ${fileCharactersMax} characters`);
    variables = { ...variablesIn(text), ...variables };
  }
  return variables;
}

async function fileText(
  { client, bucketDir }: FileSource,
  credentials: CredentialsOf,
  arn: string,
  region: string,
): Promise<string> {
  const [, bucket, key] = /^arn:[^:]*:s3:::([^/]+)\/(.+)$/.exec(arn) ?? [];
  if (bucket === undefined || key === undefined)
    throw new EnvironmentFileError(`${arn} is not the ARN of an S3 object`);
  if (bucketDir !== null) return await textBelow(bucketDir, bucket, key);
  try {
    return await client.object(bucket, key, { region, credentials: await credentials("s3") });
  } catch (error) {
    const problem = `file download command: non empty error stream: ${retriedText(error)}failed to download env file ${key} from bucket ${bucket}: ${failureOf(error)}`;
    throw new EnvironmentFileError(problem, { cause: error });
  }
}

/** The text of `folder/bucket/key`. A task's author names the key, so it must not lead out of the folder. */
async function textBelow(folder: string, bucket: string, key: string): Promise<string> {
  try {
    const root = await realpath(folder);
    const file = await realpath(join(root, bucket, key));
    if (!file.startsWith(root + sep)) throw new Error("it is outside of the folder of buckets");
    return await readFile(file, "utf8");
  } catch (cause) {
    const why =
      cause instanceof Error && "code" in cause && cause.code === "ENOENT" ? "no such file" : failureOf(cause);
    throw new EnvironmentFileError(`${bucket}/${key} cannot be read in the folder of buckets: ${why}`, { cause });
  }
}

/**
 * The variables of a file: a line is `NAME=value`, empty, or a comment. AWS: spaces and quotes stay; a line without a name or
 * without a value counts for nothing.
 */
export function variablesIn(text: string): Readonly<Record<string, string>> {
  const variables: Record<string, string> = {};
  for (const line of text.split(/\r?\n/)) {
    const at = line.indexOf("=");
    if (at <= 0 || at === line.length - 1 || line.startsWith("#")) continue;
    variables[line.slice(0, at)] = line.slice(at + 1);
  }
  return variables;
}
