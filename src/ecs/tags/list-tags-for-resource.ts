import type { AccountStep } from "../state/account-step.ts";
import { taggedDocument } from "./tagged-document.ts";

export type ListTagsForResourceRequest = { readonly resourceArn?: string };

/** The tags of a cluster, task definition or capacity provider. Refuses what `taggedDocument` refuses. */
export function listTagsForResource(step: AccountStep, request: ListTagsForResourceRequest): object {
  return { tags: taggedDocument(step, request.resourceArn).tags };
}
