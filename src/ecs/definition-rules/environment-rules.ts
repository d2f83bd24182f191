import type { RequestContainer } from "./task-definition-request.ts";

/** How a call refuses: registrations and overrides have their own codes. */
type Refuse = (message: string) => never;

type Environment = Pick<RequestContainer, "environment" | "environmentFiles" | "secrets">;

/** LIMIT: AWS: the most environment files of a container. */
const environmentFilesMax = 10;

const isBlank = (text: string | undefined): boolean => text === undefined || text.trim() === "";

/**
 * Calls `refuse` for variables, secrets and environment files of a container or override that AWS refuses: blank names, secrets without a
 * source or with a name that is taken, more than ten files, and files that aren't S3 object ARNs.
 * AWS: users report the texts, except the one for a secret's blank name. The suffix `.env` is documented but not checked.
 */
export function checkEnvironment({ environment, environmentFiles, secrets }: Environment, refuse: Refuse): void {
  const names = new Set<string | undefined>();
  for (const { name } of environment ?? []) {
    if (isBlank(name)) refuse("Environment variable name cannot be null or blank.");
    names.add(name);
  }
  for (const { name, valueFrom } of secrets ?? []) {
    if (isBlank(name)) refuse("Secret name cannot be null or blank.");
    if (isBlank(valueFrom)) refuse("Container.secrets.valueFrom should not be null or empty.");
    if (names.has(name)) {
      refuse(
        `The secret name must be unique and not shared with any new or existing environment variables set on the container, such as '${name}'.`,
      );
    }
    names.add(name);
  }
  checkEnvironmentFiles(environmentFiles ?? [], refuse);
}

function checkEnvironmentFiles(files: NonNullable<Environment["environmentFiles"]>, refuse: Refuse): void {
  if (files.length > environmentFilesMax) {
    refuse("The maximum number of environment files was exceeded. Specify ten or less and try again.");
  }
  for (const { type, value } of files) {
    if (isBlank(value)) refuse("Container.environmentFiles.value should not be null or empty.");
    if (isBlank(type)) refuse("Container.environmentFiles.type should not be null or empty.");
    if (type !== "s3") refuse("Container.environmentFiles.type should be one of [s3]");
    if (!isObjectArn(value ?? "")) refuse("Invalid arn syntax.");
  }
}

/** True for the ARN of an object in S3. */
export const isObjectArn = (text: string): boolean => /^arn:aws[a-z-]*:s3:::[^/\s]+\/\S.*$/.test(text);
