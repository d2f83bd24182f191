import type { PayloadContainer, PayloadSecret } from "../../agent-protocol/to-agent/payload-container.ts";
import { ApiError } from "../remote/api-error.ts";
import type { AwsCaller, AwsClient, AwsService } from "../remote/aws-client.ts";
import type { AgentCredentials } from "../remote/request-signer.ts";
import { parameterNames, type SecretReference, secretReference } from "./secret-reference.ts";

/** A secret cannot be had. The message is the end of AWS's reason, and holds no value. */
export class SecretError extends Error {
  override readonly name = "SecretError";
}

/** The credentials of a task for a service. Rejects with ApiError. */
export type CredentialsOf = (service: AwsService) => Promise<AgentCredentials>;

/** Values by container, then by the name of the variable or of the option of the log driver. */
export type SecretValues = ReadonlyMap<string, { readonly environment: Values; readonly logOptions: Values }>;
type Values = Readonly<Record<string, string>>;

/** AWS: how often calls for secrets are tried. */
const attempts = 5;
/** AWS: the most parameters that GetParameters takes. */
const parametersMax = 10;

/**
 * Fetches what the `secrets` of containers and of their log drivers name, each value once, with the credentials of the execution
 * role. Rejects with SecretError. Nothing is kept or logged.
 */
export async function fetchSecrets(
  client: AwsClient,
  credentials: CredentialsOf,
  specs: readonly PayloadContainer[],
  region: string,
): Promise<SecretValues> {
  const fetching = new SecretFetch(client, credentials, region);
  const all = specs.map((spec) => [spec.name, spec.secrets ?? []] as const);
  const values = await fetching.all(all.flatMap(([, secrets]) => secrets));
  const valuesOf = (secrets: readonly PayloadSecret[]): Values =>
    Object.fromEntries(secrets.map((secret) => [secret.name, values.get(secret) ?? ""]));
  const isOption = ({ target }: PayloadSecret): boolean => target === "LOG_DRIVER";
  return new Map(
    all.map(([name, secrets]) => [
      name,
      {
        environment: valuesOf(secrets.filter((secret) => !isOption(secret))),
        logOptions: valuesOf(secrets.filter(isOption)),
      },
    ]),
  );
}

/** User name and password of a private registry, which a secret holds as JSON. Rejects with SecretError. */
export async function fetchRegistryLogin(
  client: AwsClient,
  credentials: CredentialsOf,
  { secret, region }: { readonly secret: string; readonly region: string },
): Promise<{ readonly username: string; readonly password: string }> {
  const text = await new SecretFetch(client, credentials, region).secret(secret, region);
  const { username, password } = objectIn(text);
  if (typeof username === "string" && typeof password === "string") return { username, password };
  throw fromSecretsManager(`the secret ${secret} is not a JSON object with username and password`);
}

class SecretFetch {
  readonly #client: AwsClient;
  readonly #credentials: CredentialsOf;
  readonly #region: string;
  readonly #fetched = new Map<string, Promise<string>>();

  constructor(client: AwsClient, credentials: CredentialsOf, region: string) {
    this.#client = client;
    this.#credentials = credentials;
    this.#region = region;
  }

  async all(secrets: readonly PayloadSecret[]): Promise<ReadonlyMap<PayloadSecret, string>> {
    const values = new Map<PayloadSecret, string>();
    for (const secret of secrets.filter(({ provider }) => provider === "asm")) {
      values.set(secret, await this.secret(secret.valueFrom, secret.region ?? this.#region));
    }
    const parameters = secrets.filter(({ provider }) => provider === "ssm");
    for (const region of new Set(parameters.map((secret) => secret.region ?? this.#region))) {
      const here = parameters.filter((secret) => (secret.region ?? this.#region) === region);
      const found = await this.#parameters([...new Set(here.map(({ valueFrom }) => valueFrom))], region);
      for (const secret of here) values.set(secret, found.get(secret.valueFrom) ?? "");
    }
    return values;
  }

  async secret(valueFrom: string, region: string): Promise<string> {
    const reference = secretReference(valueFrom);
    if (reference === null) {
      throw fromSecretsManager(
        `trying to retrieve secret with value ${valueFrom} resulted in error: an invalid ARN format for the AWS Secrets Manager secret was specified. Specify a valid ARN and try again.`,
      );
    }
    const { secretId, jsonKey, versionStage, versionId } = reference;
    const key = JSON.stringify([region, secretId, versionStage, versionId]);
    const fetched = this.#fetched.get(key) ?? this.#secretText(reference, region);
    this.#fetched.set(key, fetched);
    const text = await fetched;
    if (jsonKey === null) return text;
    const value = objectIn(text)[jsonKey];
    if (value === undefined)
      throw fromSecretsManager(`retrieved secret from Secrets Manager did not contain json key ${jsonKey}`);
    return typeof value === "string" ? value : JSON.stringify(value);
  }

  async #secretText({ secretId, versionStage, versionId }: SecretReference, region: string): Promise<string> {
    const request = {
      SecretId: secretId,
      ...(versionStage === null ? {} : { VersionStage: versionStage }),
      ...(versionId === null ? {} : { VersionId: versionId }),
    };
    try {
      const found = await this.#client.json(
        "secretsmanager",
        "GetSecretValue",
        request,
        await this.#caller(region, "secretsmanager"),
        {
          attempts,
        },
      );
      const { SecretString } = found as { readonly SecretString?: unknown };
      if (typeof SecretString === "string") return SecretString;
    } catch (error) {
      throw fromSecretsManager(
        `${retriedText(error)}failed to fetch secret ${secretId} from secrets manager: ${failureOf(error)}`,
        error,
      );
    }
    throw fromSecretsManager(`the secret ${secretId} holds bytes, not a text`);
  }

  async #parameters(names: readonly string[], region: string): Promise<ReadonlyMap<string, string>> {
    const values = new Map<string, string>();
    const invalid: string[] = [];
    for (let from = 0; from < names.length; from += parametersMax) {
      const Names = names.slice(from, from + parametersMax);
      const found = await this.#someParameters(Names, region);
      for (const name of Names) {
        const value = parameterNames(name).flatMap((known) => found.get(known) ?? [])[0];
        if (value === undefined) invalid.push(name);
        else values.set(name, value);
      }
    }
    if (invalid.length > 0) throw fromParameterStore(`${retried(1)}invalid parameters: ${invalid.join(",")}`);
    return values;
  }

  async #someParameters(Names: readonly string[], region: string): Promise<ReadonlyMap<string, string>> {
    try {
      const request = { Names, WithDecryption: true };
      const answer = await this.#client.json("ssm", "GetParameters", request, await this.#caller(region, "ssm"), {
        attempts,
      });
      const { Parameters = [] } = answer as { readonly Parameters?: readonly FoundParameter[] };
      return new Map(
        Parameters.flatMap(({ Name, ARN, Selector = "", Value }) =>
          Value === undefined
            ? []
            : [Name, ARN].flatMap((name) =>
                name === undefined
                  ? []
                  : ([
                      [name, Value],
                      [`${name}${Selector}`, Value],
                    ] as const),
              ),
        ),
      );
    } catch (error) {
      throw fromParameterStore(`${retriedText(error)}${failureOf(error)}`, error);
    }
  }

  async #caller(region: string, service: AwsService): Promise<AwsCaller> {
    return { region, credentials: await this.#credentials(service) };
  }
}

type FoundParameter = {
  readonly Name?: string;
  readonly ARN?: string;
  readonly Selector?: string;
  readonly Value?: string;
};

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // The text may be a password, and must not be in a message.
  }
  return {};
}

/** AWS: how the reasons begin. */
const fromSecretsManager = (text: string, cause?: unknown): SecretError =>
  new SecretError(`unable to retrieve secret from asm: ${text}`, { cause });
const fromParameterStore = (text: string, cause?: unknown): SecretError =>
  new SecretError(`unable to retrieve secrets from ssm: ${text}`, { cause });

export const retried = (times: number): string => `service call has been retried ${times} time(s): `;
/** AWS: a call that is refused counts as retried once. */
export const retriedText = (error: unknown): string =>
  retried(error instanceof ApiError && error.mayPass ? attempts : 1);

/** The code and the text of a service's error. */
export const failureOf = (error: unknown): string => {
  if (error instanceof ApiError) return `${error.code}: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
};
