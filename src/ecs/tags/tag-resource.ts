import { type RequestTag, withTags } from "../documents/tag.ts";
import type { AccountStep } from "../state/account-step.ts";
import { taggedDocument } from "./tagged-document.ts";

export type TagResourceRequest = { readonly resourceArn?: string; readonly tags?: readonly RequestTag[] };

/**
 * Puts tags on a cluster, task definition or capacity provider; a known key gets the new value. Refuses what `taggedDocument` and
 * `withTags` refuse.
 */
export function tagResource(step: AccountStep, request: TagResourceRequest): object {
  const { tags, putTags } = taggedDocument(step, request.resourceArn);
  putTags(withTags(tags, request.tags));
  return {};
}
