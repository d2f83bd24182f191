import type { DocumentWrite } from "../store/store.ts";
import { keyUseKind } from "./key-document.ts";

/** When each key was last used, kept in memory and written now and then. One entry per key at most. */
export class KeyUses {
  readonly #usedAt = new Map<string, number>();
  /** Keys whose last use is not in the store yet. */
  readonly #unwritten = new Set<string>();

  /** Takes a loaded document. One that is damaged is left out, and written anew when its key is used. */
  load(accessKeyId: string, body: string): void {
    const usedAt = readKeyUse(body);
    if (usedAt !== null) this.#usedAt.set(accessKeyId, usedAt);
  }

  /** Epoch milliseconds; null for a key that was never used. */
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

/** The time in a document; null for a damaged one. */
export function readKeyUse(body: string): number | null {
  try {
    const { usedAt } = (JSON.parse(body) ?? {}) as { readonly usedAt?: unknown };
    return typeof usedAt === "number" ? usedAt : null;
  } catch {
    return null;
  }
}
