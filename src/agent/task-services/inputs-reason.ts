import { AwslogsError } from "../logs/awslogs-options.ts";
import { LogStreamError } from "../logs/cloudwatch-logs.ts";
import { EnvironmentFileError } from "./environment-files.ts";
import { SecretError } from "./task-secrets.ts";

/** AWS: what a reason says between the error's name and the cause. */
export function inputsReason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  if (error instanceof EnvironmentFileError) return `failed to download env files: ${text}`;
  if (error instanceof LogStreamError) {
    return `failed to validate logger args: create stream has been retried 1 times: ${text} : exit status 1`;
  }
  if (error instanceof AwslogsError) return `failed to validate logger args: ${text} : exit status 1`;
  const where = error instanceof SecretError ? "" : "unable to retrieve execution role credentials: ";
  return `unable to pull secrets or registry auth: execution resource retrieval failed: ${where}${text}`;
}
