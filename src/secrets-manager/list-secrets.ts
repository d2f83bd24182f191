import { checkMembers } from "../service-machine/member-rules.ts";
import { servicePage } from "../service-machine/service-page.ts";
import { secretFacts, stagesById } from "./describe-secret.ts";
import type { Secret } from "./secret.ts";
import { filtersRule, type SecretFilter, secretFilter } from "./secret-filters.ts";
import { refuse } from "./secrets-refusal.ts";
import { tokenRule } from "./secrets-rules.ts";
import type { SecretsStep } from "./secrets-state.ts";

type ListSecretsRequest = {
  readonly IncludePlannedDeletion?: boolean;
  readonly MaxResults?: number;
  readonly NextToken?: string;
  readonly Filters?: readonly SecretFilter[];
  readonly SortOrder?: "asc" | "desc";
  readonly SortBy?: keyof typeof sortKeys;
};

const sortKeys = {
  "created-date": ({ createdAt }: Secret) => createdAt,
  "last-accessed-date": ({ accessedAt }: Secret) => accessedAt ?? 0,
  "last-changed-date": ({ changedAt }: Secret) => changedAt,
  name: ({ name }: Secret) => name,
} as const;

export const refuseToken = (): never => refuse("InvalidNextTokenException", "The NextToken value is invalid.");

/** The secrets that pass the filters, a page at a time. */
export function listSecrets(step: SecretsStep, request: ListSecretsRequest): object {
  checkMembers(request, {
    MaxResults: { type: "number", min: 1, max: 100 },
    NextToken: tokenRule,
    SortOrder: { type: "word", words: ["asc", "desc"] },
    SortBy: { type: "word", words: Object.keys(sortKeys) },
    ...filtersRule,
  });
  const { IncludePlannedDeletion = false, MaxResults: size = 100, NextToken: token, Filters = [] } = request;
  const { SortOrder = "desc", SortBy = "created-date" } = request;
  const passes = secretFilter(Filters, step.place);
  const all = [...step.state.secrets.values()].filter(
    (secret) => (IncludePlannedDeletion || secret.deleteAt === null) && passes(secret),
  );
  const keyOf = sortKeys[SortBy];
  const sign = SortOrder === "asc" ? 1 : -1;
  const inOrder = all.sort((a, b) => sign * (compare(keyOf(a), keyOf(b)) || compare(a.name, b.name)));
  const page = servicePage(inOrder, ({ name }) => name, { operation: "ListSecrets", token, size, refuseToken });
  return {
    SecretList: page.items.map((secret) => ({
      ...secretFacts(secret),
      SecretVersionsToStages: stagesById(step, secret),
    })),
    ...(page.nextToken !== null && { NextToken: page.nextToken }),
  };
}

const compare = <T extends string | number>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);
