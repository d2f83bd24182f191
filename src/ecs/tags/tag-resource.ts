import type { AccountStep } from "../account-step.ts";
import { type RequestTag, withTags } from "./tag.ts";
import { taggedDocument } from "./tagged-document.ts";

export type TagResourceRequest = { readonly resourceArn?: string; readonly tags?: readonly RequestTag[] };

/** Puts tags on a cluster, task definition or capacity provider; a known key gets the new value. Refuses as `taggedDocument` and `withTags`. */
export function tagResource(step: AccountStep, request: TagResourceRequest): object {
  const { tags, putTags } = taggedDocument(step, request.resourceArn);
  putTags(withTags(tags, request.tags));
  return {};
}
