import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import {
  type ImageRule,
  ImageRuleError,
  parseImageRule,
  parseImageRules,
} from "../../agent/docker/images/image-map.ts";
import { type AwsEndpoints, awsServices } from "../../agent/remote/aws-client.ts";
import { profileKeys, profilesFile } from "../../agent/task-services/aws-profile.ts";
import type { HostServicesOptions } from "../../server/hosts/host-services.ts";
import { StartError } from "../../server/start-error.ts";
import { type Flag, listFlag, type Typed, textFlag, UsageError } from "./flags.ts";

/** The flag of commands whose hosts only write logs. */
export const logsFlag = {
  "logs-endpoint": {
    value: "URL",
    help: "Where the output of containers with the log driver awslogs goes (default: the control plane). `aws`: AWS itself.",
  },
} as const satisfies Record<string, Flag>;

/** Flags of commands that run containers in Docker: what their tasks use of other services of AWS. */
export const serviceFlags = {
  ...logsFlag,
  "secretsmanager-endpoint": { value: "URL", help: "Where secrets of Secrets Manager are, likewise." },
  "ssm-endpoint": { value: "URL", help: "Where parameters of SSM are, likewise." },
  "ecr-endpoint": { value: "URL", help: "Where tokens for images of ECR are, likewise." },
  "s3-endpoint": { value: "URL", help: "Where environment files of S3 are, likewise." },
  "bucket-dir": { value: "DIR", help: "Read environment files from DIR/BUCKET/KEY instead of S3." },
  "efs-dir": { value: "DIR", help: "Support EFS volumes: a folder DIR/FILE-SYSTEM for each, on this machine." },
  "image-map": {
    value: "PATTERN=IMAGE",
    help: "Run IMAGE of this machine in place of images that match PATTERN (* matches anything). Repeatable; the first wins.",
    repeats: true,
  },
  "image-map-file": { value: "FILE", help: "More of these, one a line, after those of the command line." },
  "assume-roles": {
    value: "PROFILE",
    help: "Give tasks the credentials of their roles in AWS, assumed with the keys of this profile in ~/.aws/credentials.",
  },
  "sts-endpoint": { value: "URL", help: "Where --assume-roles assumes them (default: aws)." },
} as const satisfies Record<string, Flag>;

/** Reads the flags. Throws UsageError for a wrong value, StartError for a file that cannot be read. */
export function servicesFrom(typed: Typed, environment: NodeJS.ProcessEnv = process.env): HostServicesOptions {
  const profile = textFlag(typed, "assume-roles", null);
  if (profile === null && typed.flags.has("sts-endpoint"))
    throw new UsageError("--sts-endpoint needs --assume-roles PROFILE.");
  const given = awsServices.map((service) => [service, endpointFlag(typed, `${service}-endpoint`)] as const);
  for (const [service, endpoint] of given) {
    if (endpoint === "aws" && profile === null) {
      throw new UsageError(
        `--${service}-endpoint aws needs --assume-roles PROFILE, because AWS does not know Berth's roles.`,
      );
    }
  }
  const endpoints: Partial<AwsEndpoints> = Object.fromEntries(given.filter(([, endpoint]) => endpoint !== null));
  const file = profilesFile(environment);
  return {
    endpoints: profile === null ? endpoints : { sts: "aws", ...endpoints },
    bucketDir: folderFlag(typed, "bucket-dir"),
    efsDir: folderFlag(typed, "efs-dir"),
    imageRules: imageRulesFrom(typed),
    assumeWith: profile === null ? null : () => profileKeys(file, profile),
  };
}

/** `aws`, or the address without a trailing slash. Null if it is not given. Throws UsageError for anything else. */
function endpointFlag(typed: Typed, name: string): string | null {
  const given = textFlag(typed, name, null);
  if (given === null || given === "aws") return given;
  // A path would be lost, and a name and a password must not be shown.
  if (/^https?:\/\/[^/?#@\\]+\/?$/i.test(given) && URL.canParse(given)) return new URL(given).origin;
  const shown = given.replace(/\/\/.*@/, "//…@");
  throw new UsageError(`--${name} must be an address like http://127.0.0.1:4566, or aws, but is "${shown}".`);
}

function folderFlag(typed: Typed, name: string): string | null {
  const given = textFlag(typed, name, null);
  if (given === null) return null;
  const folder = resolve(given);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new UsageError(`--${name} must be a folder, but ${folder} is not.`);
  }
  return folder;
}

function imageRulesFrom(typed: Typed): readonly ImageRule[] {
  const file = textFlag(typed, "image-map-file", null);
  try {
    const typedRules = listFlag(typed, "image-map").map(parseImageRule);
    return [...typedRules, ...(file === null ? [] : parseImageRules(readFileSync(file, "utf8")))];
  } catch (cause) {
    if (cause instanceof ImageRuleError) {
      throw new UsageError(`--image-map and the lines of --image-map-file must be PATTERN=IMAGE: ${cause.message}.`);
    }
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new StartError(`The image map in ${file} cannot be read: ${why}`, { cause });
  }
}
