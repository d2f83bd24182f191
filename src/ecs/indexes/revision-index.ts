import type { TaskDefinition, TaskDefinitionStatus } from "../documents/task-definition.ts";
import { SortedKeys } from "../sorted-keys.ts";

type Family = {
  total: number;
  active: number;
  latestActive: number;
  readonly revisions: Map<number, TaskDefinitionStatus>;
};

/**
 * The revisions of all families by status, in ECS's list order (by family, then number): an index of the task definitions. A key is made of
 * family and revision.
 */
export class RevisionIndex {
  readonly familyNames = new SortedKeys();
  readonly byStatus: Readonly<Record<TaskDefinitionStatus, SortedKeys>> = {
    ACTIVE: new SortedKeys(),
    INACTIVE: new SortedKeys(),
    DELETE_IN_PROGRESS: new SortedKeys(),
  };
  /** ARNs of revisions in DELETE_IN_PROGRESS. */
  readonly deleted = new Set<string>();
  readonly #families = new Map<string, Family>();
  /** Characters of all documents; null until first needed, because counting them would slow down every load. */
  #characters: number | null = null;

  /** The newest ACTIVE revision of `family`, or null. */
  latestActive(family: string): number | null {
    const found = this.#families.get(family);
    return found === undefined || found.active === 0 ? null : found.latestActive;
  }

  /** The size of `definitions` as JSON characters. They must be all that exist. */
  characters(definitions: Iterable<TaskDefinition>): number {
    if (this.#characters === null) {
      this.#characters = 0;
      for (const definition of definitions) this.#characters += charactersOf(definition);
    }
    return this.#characters;
  }

  onChange(before: TaskDefinition | undefined, after: TaskDefinition | undefined): void {
    if (this.#characters !== null) this.#characters += charactersOf(after) - charactersOf(before);
    if (before !== undefined) this.#remove(before);
    if (after !== undefined) this.#add(after);
  }

  #add({ arn, family, revision, status }: TaskDefinition): void {
    let entry = this.#families.get(family);
    if (entry === undefined) {
      entry = { total: 0, active: 0, latestActive: 0, revisions: new Map() };
      this.#families.set(family, entry);
      this.familyNames.add(family);
    }
    entry.total += 1;
    entry.revisions.set(revision, status);
    if (status === "ACTIVE") {
      entry.active += 1;
      entry.latestActive = Math.max(entry.latestActive, revision);
    }
    this.byStatus[status].add(revisionKey(family, revision));
    if (status === "DELETE_IN_PROGRESS") this.deleted.add(arn);
  }

  #remove({ arn, family, revision, status }: TaskDefinition): void {
    const entry = this.#families.get(family) as Family;
    entry.total -= 1;
    entry.revisions.delete(revision);
    if (status === "ACTIVE") {
      entry.active -= 1;
      // Find the next older one, unless none is left.
      while (entry.active > 0 && entry.revisions.get(entry.latestActive) !== "ACTIVE") entry.latestActive -= 1;
      if (entry.active === 0) entry.latestActive = 0;
    }
    this.byStatus[status].remove(revisionKey(family, revision));
    if (status === "DELETE_IN_PROGRESS") this.deleted.delete(arn);
    if (entry.total === 0) {
      this.#families.delete(family);
      this.familyNames.remove(family);
    }
  }
}

/** The size of a definition as JSON characters, which is about the memory that it takes. */
export const charactersOf = (definition: TaskDefinition | undefined): number =>
  definition === undefined ? 0 : JSON.stringify(definition).length;

/** Sorts by family, then revision: a space sorts before every character of a family's name. */
export function revisionKey(family: string, revision: number): string {
  // LIMIT: seven digits hold the million revisions that a family may have.
  return `${family} ${String(revision).padStart(7, "0")}`;
}

/** The family and revision of a key. */
export function splitRevisionKey(key: string): { readonly family: string; readonly revision: number } {
  const space = key.indexOf(" ");
  return { family: key.slice(0, space), revision: Number(key.slice(space + 1)) };
}
