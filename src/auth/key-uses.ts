import type { DocumentWrite } from "../store/store.ts";
import { keyUseKind } from "./key-document.ts";

/** When each key was last used: kept in memory, and written from there now and then. At most one entry for each key. */
export class KeyUses {
  readonly #usedAt = new Map<string, number>();
  /** Those that the store does not know yet. */
  readonly #unwritten = new Set<string>();

  /** Takes a loaded document. */
  load(accessKeyId: string, body: string): void {
    const { usedAt } = JSON.parse(body) as { readonly usedAt: number };
    this.#usedAt.set(accessKeyId, usedAt);
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

  /** The documents that are to be written, once. */
  take(): readonly DocumentWrite[] {
    const ids = [...this.#unwritten];
    this.#unwritten.clear();
    return ids.map((key) => ({ kind: keyUseKind, key, body: JSON.stringify({ usedAt: this.at(key) }) }));
  }

  /** What `take` gave was not written; what was used since or deleted is as it is. */
  giveBack(documents: readonly DocumentWrite[]): void {
    for (const { key } of documents) if (this.#usedAt.has(key)) this.#unwritten.add(key);
  }
}
