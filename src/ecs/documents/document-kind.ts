import type { Timeline } from "../timeline.ts";
import { type Members, shapeProblem } from "./document-shape.ts";

/** All that the machines and the store need to know of a kind of document. Each kind is defined beside the type of its document. */
export type DocumentKind<D extends object> = {
  /** Its name in the store. It never changes. */
  readonly name: string;
  /**
   * What a stored document must look like, as far as rules rely on it. A document on a disk can be damaged; what is found here at the
   * start does not become a bug in the middle of some step.
   */
  readonly shape: Members;
  /** The member that says what the key says; null when none does. */
  readonly keyMember: (keyof D & string) | null;
  /**
   * The form in which this Berth writes the document. It rises when an older Berth would misread the new form; a new member that
   * older ones may ignore is no new form. The store holds it beside the members as `documentVersion`, unless it is 1.
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
   * Members that change seldom and weigh much: the store holds them in a document of their own, which is written only when they change.
   * The first of them is one that a document of any age has.
   */
  readonly apart?: { readonly name: string; readonly members: readonly (keyof D & string)[] };
};

/** Takes a document that was a part of one of another kind. */
export type ReleasePart = <E extends object>(kind: DocumentKind<E>, key: string, part: E) => void;

/** A document that cannot be what it says; the text says why, as the end of a sentence. */
export class DocumentError extends Error {
  override readonly name: string = "DocumentError";
}

/** A document that only a newer Berth understands; the text says what is not known, as the end of a sentence. */
export class NewerDocumentError extends DocumentError {
  override readonly name = "NewerDocumentError";
}

/** Throws DocumentError for a document that does not have the shape of its kind, or lies under another's key. */
export function checkDocument<D extends object>(kind: DocumentKind<D>, key: string, document: object): void {
  const problem = shapeProblem(document, kind.shape);
  if (problem !== null) throw new DocumentError(problem);
  const { keyMember } = kind;
  if (keyMember !== null && (document as Readonly<Record<string, unknown>>)[keyMember] !== key) {
    throw new DocumentError(`its member ${keyMember} is not the key that it lies under`);
  }
}
