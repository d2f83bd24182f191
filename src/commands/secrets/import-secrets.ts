import { randomUUID } from "node:crypto";
import type { ApiClient } from "../api-client.ts";
import { UsageError } from "../flags/flags.ts";
import type { Variable } from "./env-file.ts";

/** Where secrets go. */
export type Destination = "secretsmanager" | "ssm";

export type ImportedSecret = { readonly variable: string; readonly name: string; readonly arn: string };

export type ImportOptions = {
  readonly api: Pick<ApiClient, "secrets">;
  readonly destination: Destination;
  /** What stands before the name of each variable. */
  readonly prefix: string;
  /** Whether secrets that exist get a new version. */
  readonly overwrite: boolean;
};

/**
 * Stores each variable as a secret, in order, and returns their names and ARNs. Throws UsageError before it changes anything if some exist and
 * `overwrite` is false. Rejects with CallFailedError.
 */
export async function importSecrets(
  variables: readonly Variable[],
  options: ImportOptions,
): Promise<readonly ImportedSecret[]> {
  const { prefix, overwrite, destination } = options;
  const wanted = variables.map(({ name: variable, value }) => ({ variable, name: `${prefix}${variable}`, value }));
  const names = wanted.map(({ name }) => name);
  const existing = await (destination === "ssm" ? existingParameters : existingSecrets)(options, names);
  if (existing.size > 0 && !overwrite) {
    const [first = ""] = [...existing].sort();
    const those = existing.size === 1 ? `${first} exists` : `${first} and ${existing.size - 1} more exist`;
    throw new UsageError(`${those} already. --overwrite gives what exists a new version.`);
  }
  const store = destination === "ssm" ? putParameter : putSecret;
  const imported: ImportedSecret[] = [];
  for (const { variable, name, value } of wanted) {
    imported.push({ variable, name, arn: await store(options, name, value, existing.has(name)) });
  }
  return imported;
}

type Pages = { readonly SecretList?: readonly { readonly Name?: string }[]; readonly NextToken?: string };

/** Those of `names` that are there, also those that are to be deleted. */
async function existingSecrets({ api, prefix }: ImportOptions, names: readonly string[]): Promise<ReadonlySet<string>> {
  const wanted = new Set(names);
  const found = new Set<string>();
  // A value that begins with ! would say what must not match.
  const filters = prefix === "" || prefix.startsWith("!") ? {} : { Filters: [{ Key: "name", Values: [prefix] }] };
  let token: string | undefined;
  do {
    const request = { ...filters, IncludePlannedDeletion: true, MaxResults: 100, NextToken: token };
    const page = (await api.secrets("secretsmanager", "ListSecrets", request)) as Pages;
    for (const { Name = "" } of page.SecretList ?? []) if (wanted.has(Name)) found.add(Name);
    token = page.NextToken;
  } while (token !== undefined);
  return found;
}

/** AWS: at most ten a call. */
const namesPerCall = 10;

async function existingParameters({ api }: ImportOptions, names: readonly string[]): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (let i = 0; i < names.length; i += namesPerCall) {
    const request = { Names: names.slice(i, i + namesPerCall) };
    const { Parameters = [] } = (await api.secrets("ssm", "GetParameters", request)) as {
      readonly Parameters?: readonly { readonly Name?: string }[];
    };
    for (const { Name = "" } of Parameters) found.add(Name);
  }
  return found;
}

async function putSecret({ api }: ImportOptions, name: string, value: string, exists: boolean): Promise<string> {
  // With a token a call that is repeated after a lost answer does nothing.
  const request = { ClientRequestToken: randomUUID(), SecretString: value };
  const reply = exists
    ? await api.secrets("secretsmanager", "PutSecretValue", { ...request, SecretId: name })
    : await api.secrets("secretsmanager", "CreateSecret", { ...request, Name: name });
  return String((reply as { readonly ARN?: string }).ARN);
}

async function putParameter({ api }: ImportOptions, name: string, value: string, exists: boolean): Promise<string> {
  const request = { Name: name, Value: value, Type: "SecureString", Tier: "Intelligent-Tiering", Overwrite: exists };
  await api.secrets("ssm", "PutParameter", request);
  const reply = (await api.secrets("ssm", "GetParameter", { Name: name })) as {
    readonly Parameter?: { readonly ARN?: string };
  };
  return String(reply.Parameter?.ARN);
}
