import type { DocumentKind } from "./document-kind.ts";

/** A family (key: its name). It outlives its revisions, so no revision number is used twice. */
export type TaskDefinitionFamily = { readonly family: string; readonly lastRevision: number };

export const taskDefinitionFamilyKind: DocumentKind<TaskDefinitionFamily> = {
  name: "task-definition-family",
  keyMember: "family",
  version: 1,
  shape: { family: "string", lastRevision: "number" },
};
