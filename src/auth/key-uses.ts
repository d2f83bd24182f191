import type { DocumentWrite } from "../store/store.ts";
import { keyUseKind } from "./key-document.ts";

/** When each key was last used, kept in memory and written occasionally. At most one entry per key. */
export class KeyUses {
  readonly #usedAt = new Map<string, number>();
  /** Keys whose last use is not in the store yet. */
  readonly #unwritten = new Set<string>();

  /** Reads a loaded document. A damaged one is ignored, and rewritten when its key is used. */
  load(accessKeyId: string, body: string): void {
    const usedAt = readKeyUse(body);
    if (usedAt !== null) this.#usedAt.set(accessKeyId, usedAt);
  }

  /** Epoch milliseconds. Null for a key that was never used. */
  at(accessKeyId: string): number | null {
    return this.#usedAt.get(accessKeyId) ?? null;
  }

  use(accessKeyId: string, nowMs: number): void {
    this.#usedAt.set(accessKeyId, nowMs);
    this.#unwritten.add(accessKeyId);
  }

  forget(accessKeyId: string): void {
    this.#usedAt.delete(accessKeyId);
    this.#unwritten.delete(accessKeyId);
  }

  /** The documents to write; each is returned once. */
  take(): readonly DocumentWrite[] {
    const ids = [...this.#unwritten];
    this.#unwritten.clear();
    return ids.map((key) => ({ kind: keyUseKind, key, body: JSON.stringify({ usedAt: this.at(key) }) }));
  }

  /** Puts back what `take` returned after a failed write. */
  giveBack(documents: readonly DocumentWrite[]): void {
    for (const { key } of documents) if (this.#usedAt.has(key)) this.#unwritten.add(key);
  }
}

/** The time in a document. Null if it is damaged. */
export function readKeyUse(body: string): number | null {
  try {
    const { usedAt } = (JSON.parse(body) ?? {}) as { readonly usedAt?: unknown };
    return typeof usedAt === "number" ? usedAt : null;
  } catch {
    return null;
  }
}
