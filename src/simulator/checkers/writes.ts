import type { Call } from "./checker.ts";

/**
 * A write whose value can be read back. `key` is its kind, the ARN of the resource and a name, separated by spaces. `value` is
 * what the documents contain once it is acknowledged.
 */
export type Write = { readonly key: string; readonly value: string | null };

type Named = { readonly key?: string; readonly value?: string; readonly name?: string; readonly targetId?: string };

/** Only the workload writes tags and attributes with this prefix. */
export const ownPrefix = "sim-";

/** The writes that `call` makes if it succeeds, as far as its request shows them. */
export function writesOf({ operation, request }: Call): readonly Write[] {
  const arn = request.resourceArn as string | undefined;
  switch (operation) {
    case "TagResource":
      return ((request.tags ?? []) as readonly Named[])
        .filter(({ key = "" }) => key.startsWith(ownPrefix))
        .map(({ key, value }) => ({ key: `tag ${arn} ${key}`, value: value ?? "" }));
    case "UntagResource":
      return ((request.tagKeys ?? []) as readonly string[])
        .filter((key) => key.startsWith(ownPrefix))
        .map((key) => ({ key: `tag ${arn} ${key}`, value: null }));
    case "PutAttributes":
    case "DeleteAttributes":
      return ((request.attributes ?? []) as readonly Named[])
        .filter(({ name = "", targetId = "" }) => name.startsWith(ownPrefix) && targetId.startsWith("arn:"))
        .map(({ name, targetId, value }) => ({
          key: `attribute ${targetId} ${name}`,
          value: operation === "PutAttributes" ? (value ?? null) : null,
        }));
    case "PutAccountSetting":
    case "DeleteAccountSetting":
      if (typeof request.principalArn !== "string" || typeof request.name !== "string") return [];
      return [
        {
          key: `setting ${request.principalArn} ${request.name}`,
          value: operation === "PutAccountSetting" ? String(request.value) : null,
        },
      ];
    default:
      return [];
  }
}
