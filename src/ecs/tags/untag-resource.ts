import { withoutTags } from "../documents/tag.ts";
import type { AccountStep } from "../state/account-step.ts";
import { taggedDocument } from "./tagged-document.ts";

export type UntagResourceRequest = { readonly resourceArn?: string; readonly tagKeys?: readonly string[] };

/** Takes tags off a cluster, task definition or capacity provider, by key. Refuses as `taggedDocument` and `withoutTags`. */
export function untagResource(step: AccountStep, request: UntagResourceRequest): object {
  const { tags, putTags } = taggedDocument(step, request.resourceArn);
  putTags(withoutTags(tags, request.tagKeys));
  return {};
}
