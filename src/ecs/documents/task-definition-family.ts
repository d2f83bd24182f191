import type { DocumentKind } from "./document-kind.ts";

/** A family (key: its name) outlives its revisions, so that no number comes twice. */
export type TaskDefinitionFamily = { readonly family: string; readonly lastRevision: number };

export const taskDefinitionFamilyKind: DocumentKind<TaskDefinitionFamily> = {
  name: "task-definition-family",
  keyMember: "family",
  version: 1,
  shape: { family: "string", lastRevision: "number" },
};
