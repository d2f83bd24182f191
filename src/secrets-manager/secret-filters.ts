/** The filters of ListSecrets and BatchGetSecretValue. */
import type { Place } from "../ecs/arn.ts";
import { checkMembers } from "../service-machine/member-rules.ts";
import type { Secret } from "./secret.ts";

export type SecretFilter = { readonly Key?: string; readonly Values?: readonly string[] };

/** AWS: at most ten filters with ten values each. */
export const filtersRule = { Filters: { type: "list", min: 0, max: 10 } } as const;
const valueRule = { type: "text", min: 0, max: 512 } as const;
const filterKeys = ["description", "name", "tag-key", "tag-value", "primary-region", "owning-service", "all"] as const;
type FilterKey = (typeof filterKeys)[number];

/** Whether a secret passes all filters. Refuses with ValidationException an unknown key and too many values. */
export function secretFilter(filters: readonly SecretFilter[], place: Place): (secret: Secret) => boolean {
  const rules = filters.map(({ Key, Values = [] }) => {
    checkMembers(
      { Key, Values },
      {
        Key: { type: "word", required: true, words: filterKeys },
        Values: { type: "list", required: true, min: 1, max: 10 },
      },
    );
    for (const Value of Values) checkMembers({ Value }, { Value: valueRule });
    return { key: Key as FilterKey, values: Values };
  });
  return (secret) => rules.every(({ key, values }) => passes(textsOf(secret, key, place), key, values));
}

/** AWS: names and tags are compared by case, descriptions are not; a value behind `!` must not match. */
function passes(texts: readonly string[], key: FilterKey, values: readonly string[]): boolean {
  const ignoresCase = key === "description" || key === "all";
  const plain = (text: string): string => (ignoresCase ? text.toLowerCase() : text);
  const matches = (value: string): boolean => texts.some((text) => plain(text).startsWith(plain(value)));
  const wanted = values.filter((value) => !value.startsWith("!"));
  const unwanted = values.filter((value) => value.startsWith("!")).map((value) => value.slice(1));
  return !unwanted.some(matches) && (wanted.length === 0 || wanted.some(matches));
}

/** What the values of a filter are compared with, from the beginning. */
function textsOf(secret: Secret, key: FilterKey, { region }: Place): readonly string[] {
  const { name, description, tags } = secret;
  switch (key) {
    case "name":
      return [name];
    case "description":
      return wordsOf(description ?? "");
    case "tag-key":
      return tags.map(({ Key }) => Key);
    case "tag-value":
      return tags.map(({ Value }) => Value);
    case "primary-region":
      return [region];
    case "owning-service":
      return [];
    case "all": {
      const texts = [name, description ?? "", ...tags.flatMap(({ Key, Value }) => [Key, Value]), region];
      return texts.flatMap(wordsOf);
    }
  }
}

/** AWS: a text is also found by any word in it. */
const wordsOf = (text: string): readonly string[] => [text, ...text.split(/[\s/_+=.@!-]+/)];
