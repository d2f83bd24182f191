import { AwslogsError } from "../logs/awslogs-options.ts";
import { LogStreamError } from "../logs/cloudwatch-logs.ts";
import { ApiError } from "../remote/api-error.ts";
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

/** What the operator can do about it, for the agent's log: AWS's reason does not say. */
export function inputsAdvice(error: unknown): string {
  const cause = error instanceof ApiError || !(error instanceof Error) ? error : error.cause;
  if (cause instanceof ApiError && cause.code === "NoCredentials") {
    return "Set executionRoleArn in the task definition, or correct the profile of --assume-roles.";
  }
  if (cause instanceof ApiError && cause.mayPass) return "Check that the service answers at its address.";
  if (error instanceof EnvironmentFileError) {
    return "Put the file into the folder --bucket-dir as DIR/BUCKET/KEY, or say where S3 is with --s3-endpoint.";
  }
  if (error instanceof LogStreamError) return "Create the log group, or set the option awslogs-create-group.";
  if (error instanceof AwslogsError) return "Correct the options of the log driver in the task definition.";
  return "Store the value with `berth secrets import` and use the ARN that it prints, or say where it is with --secretsmanager-endpoint or --ssm-endpoint.";
}
