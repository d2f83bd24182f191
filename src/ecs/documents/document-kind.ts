import type { Timeline } from "../timeline.ts";
import { type Members, shapeProblem } from "./document-shape.ts";

/** Everything that machines and the store need to know about a kind of document. Each kind is defined next to the type of its document. */
export type DocumentKind<D extends object> = {
  /** Its name in the store. It never changes. */
  readonly name: string;
  /**
   * What a stored document must look like for the rules to rely on it. A document on disk can be damaged: finding that at load avoids a bug
   * in the middle of a later step.
   */
  readonly shape: Members;
  /** The member that repeats the key; null if none does. */
  readonly keyMember: (keyof D & string) | null;
  /**
   * The form in which this Berth writes the document. It rises if an older Berth would misread the new form; a new member that older ones
   * may ignore doesn't count. The store keeps it next to the members as `documentVersion`, unless it is 1.
   */
  readonly version: number;
  /**
   * Makes a stored document of `version`, which is not newer than the kind's, what it is today. What was a part of it then and is a
   * document of another kind now goes to `release`.
   */
  readonly upgrade?: (document: object, version: number, release: ReleasePart) => D;
  /** When something is to happen to the document by itself (epoch milliseconds), or null. */
  readonly dueAt?: (document: D, timeline: Timeline) => number | null;
  /**
   * Members that are large and seldom change: the store keeps them in a separate document, written only when they change. The first one
   * must exist in documents of any age.
   */
  readonly apart?: { readonly name: string; readonly members: readonly (keyof D & string)[] };
};

/** Takes a document that was a part of one of another kind. */
export type ReleasePart = <E extends object>(kind: DocumentKind<E>, key: string, part: E) => void;

/** A document that cannot be what it says; the text says why, as the end of a sentence. */
export class DocumentError extends Error {
  override readonly name: string = "DocumentError";
}

/** A document that only a newer Berth understands. The text says what is unknown, as the end of a sentence. */
export class NewerDocumentError extends DocumentError {
  override readonly name = "NewerDocumentError";
}

/** Throws DocumentError for a document without the shape of its kind, or under another document's key. */
export function checkDocument<D extends object>(kind: DocumentKind<D>, key: string, document: object): void {
  const problem = shapeProblem(document, kind.shape);
  if (problem !== null) throw new DocumentError(problem);
  const { keyMember } = kind;
  if (keyMember !== null && (document as Readonly<Record<string, unknown>>)[keyMember] !== key) {
    throw new DocumentError(`its member ${keyMember} is not the key that it is stored under`);
  }
}
