/** How `berth explain`, `berth drain` and others call a control plane: like the AWS CLI, and without any flag for `berth dev`. */
import { ApiError } from "../agent/remote/api-error.ts";
import { AwsClient } from "../agent/remote/aws-client.ts";
import { ConnectionPool } from "../agent/remote/connection-pool.ts";
import { SignedApi } from "../agent/remote/signed-api.ts";
import { seededRandom } from "../lib/random.ts";
import { systemClock } from "../lib/system-clock.ts";
import { CallFailedError } from "./call-failed-error.ts";
import { plainWords } from "./control-plane-check.ts";
import { type Flag, type Typed, textFlag } from "./flags/flags.ts";
import { type Remote, remoteFlags, remoteFrom } from "./flags/remote-flags.ts";
import { defaultPort } from "./flags/server-flags.ts";

/** The key for a server on this machine if the environment has none: `berth dev` accepts any. */
const devKey = "berth";
const devEndpoint = `http://127.0.0.1:${defaultPort}`;
const devRegion = "us-east-1";

/** Flags of commands that call a control plane. */
export const apiFlags = {
  cluster: { value: "NAME", help: "The cluster, by name or ARN (default: default)." },
  endpoint: {
    value: "URL",
    help: `Where the control plane is (default: AWS_ENDPOINT_URL_ECS, AWS_ENDPOINT_URL, then ${devEndpoint}).`,
  },
  region: {
    value: "REGION",
    help: `The region to sign for (default: AWS_REGION, AWS_DEFAULT_REGION, then ${devRegion} at a loopback endpoint).`,
  },
  "tls-ca": remoteFlags["tls-ca"],
} as const satisfies Record<string, Flag>;

/** What these commands' help says about that. */
export const apiHelp = `For \`berth dev\` on this machine you need no flags: at a loopback endpoint its key is used if the environment has none.
Elsewhere AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must hold a key from \`berth keys create\`.`;

/** Calls to the operations of ECS, of services around it and to Berth's own. They reject with CallFailedError. */
export type ApiClient = {
  ecs(operation: string, request: object): Promise<object>;
  berth(operation: string, request: object): Promise<object>;
  /** Without a region, in that of the other calls. */
  logs(operation: string, request: object, region?: string): Promise<object>;
  secrets(service: "secretsmanager" | "ssm", operation: string, request: object): Promise<object>;
  close(): void;
};

/** The settings from flags and environment, with the defaults for `berth dev`. Throws as `remoteFrom` does. */
export function apiRemoteFrom(typed: Typed, environment: NodeJS.ProcessEnv = process.env): Remote {
  const { AWS_ENDPOINT_URL_ECS, AWS_ENDPOINT_URL, AWS_REGION, AWS_DEFAULT_REGION } = environment;
  const endpoint = textFlag(typed, "endpoint", AWS_ENDPOINT_URL_ECS || AWS_ENDPOINT_URL || devEndpoint);
  const known = { ...environment, AWS_ENDPOINT_URL_ECS: endpoint };
  if (!isLoopback(endpoint)) return remoteFrom(typed, known);
  // Half a key is a mistake, which should be reported.
  const hasKey = Boolean(environment.AWS_ACCESS_KEY_ID || environment.AWS_SECRET_ACCESS_KEY);
  return remoteFrom(typed, {
    ...known,
    AWS_REGION: AWS_REGION || AWS_DEFAULT_REGION || devRegion,
    ...(hasKey ? {} : { AWS_ACCESS_KEY_ID: devKey, AWS_SECRET_ACCESS_KEY: devKey, AWS_SESSION_TOKEN: "" }),
  });
}

/** A client of the control plane that flags and environment name. */
export function openApi(typed: Typed): ApiClient {
  const remote = apiRemoteFrom(typed);
  const random = seededRandom(String(systemClock.now())).stream("api");
  const api = new SignedApi({ ...remote, agentVersion: null, clock: systemClock, random });
  const pool = new ConnectionPool(remote.trust);
  const { endpoint, credentials } = remote;
  const all = { ecr: endpoint, logs: endpoint, s3: endpoint, secretsmanager: endpoint, ssm: endpoint, sts: endpoint };
  const aws = new AwsClient({ endpoints: () => all, pool, clock: systemClock, random });
  const inPlainWords = async (answer: Promise<object>): Promise<object> => {
    try {
      return await answer;
    } catch (error) {
      throw error instanceof ApiError ? new CallFailedError(wordsOf(error, remote), error) : error;
    }
  };
  return {
    ecs: (operation, request) => inPlainWords(api.call(operation, request)),
    berth: (operation, request) => inPlainWords(api.call(operation, request, "BerthV1")),
    logs: (operation, request, region = remote.region) =>
      inPlainWords(aws.json("logs", operation, request, { region, credentials })),
    secrets: (service, operation, request) =>
      inPlainWords(aws.json(service, operation, request, { region: remote.region, credentials })),
    close: () => {
      api.close();
      pool.close();
    },
  };
}

/** The named cluster, as a request member. */
export function clusterMember(typed: Typed): { readonly cluster?: string } {
  const cluster = textFlag(typed, "cluster", null);
  return cluster === null ? {} : { cluster };
}

function wordsOf(error: ApiError, { endpoint, credentials: { accessKeyId } }: Remote): string {
  const { code, message } = error;
  if (code === "UnknownOperationException") return `What answers at ${endpoint} is not Berth: ${message}`;
  const words = plainWords(error, endpoint, accessKeyId);
  // ECS's message about a request needs no address before it.
  if (words === `${endpoint} refuses: ${message} (${code})`) return `${message} (${code})`;
  if (accessKeyId !== devKey || !words.includes(`refuses the access key ${devKey}`)) return words;
  return `${words} It checks keys, as \`berth serve\` does: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.`;
}

function isLoopback(endpoint: string): boolean {
  if (!URL.canParse(endpoint)) return false;
  const { hostname } = new URL(endpoint);
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}
