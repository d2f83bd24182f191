import { withoutTags } from "../documents/tag.ts";
import type { AccountStep } from "../state/account-step.ts";
import { taggedDocument } from "./tagged-document.ts";

export type UntagResourceRequest = { readonly resourceArn?: string; readonly tagKeys?: readonly string[] };

/** Removes tags from a cluster, task definition or capacity provider, by key. Refuses what `taggedDocument` and `withoutTags` refuse. */
export function untagResource(step: AccountStep, request: UntagResourceRequest): object {
  const { tags, putTags } = taggedDocument(step, request.resourceArn);
  putTags(withoutTags(tags, request.tagKeys));
  return {};
}
