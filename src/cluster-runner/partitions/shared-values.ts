/**
 * LIMIT: different values remembered for one member. Members with more of them, such as ids, have few that are equal; 65,536 hold the ids of
 * all container instances of the largest clusters.
 */
const valuesMax = 65_536;
/** LIMIT: longer texts of an object are rarely equal, and comparing them costs more than it saves. */
const textMax = 400;

type Members = Record<string, unknown>;

/**
 * Lets documents share equal parts. Documents that were parsed from text have each string, list and object of their own: a hundred thousand
 * tasks with the same revision then hold a hundred thousand copies of its ARN.
 */
export class SharedValues {
  /** By the name of a member, its values by themselves. */
  readonly #strings = new Map<string, Map<string, string>>();
  /** By their JSON text: parts of documents are immutable, so that any document may have them. */
  readonly #objects = new Map<string, object>();
  /** Names of members whose values were too different. */
  readonly #distinct = new Set<string>();

  /** Replaces parts of `document`, which nobody else has yet, by equal ones of earlier documents. */
  share(document: object): void {
    const members = document as Members;
    for (const name in members) {
      const value = members[name];
      if (typeof value === "string") members[name] = this.#string(name, value);
      else if (typeof value === "object" && value !== null) members[name] = this.#object(name, value);
    }
  }

  #object(name: string, value: object): object {
    if (Array.isArray(value)) {
      for (let at = 0; at < value.length; at += 1) {
        const item: unknown = value[at];
        if (typeof item === "string") value[at] = this.#string(name, item);
        else if (typeof item === "object" && item !== null) value[at] = this.#object(name, item);
      }
    } else this.share(value);
    if (this.#distinct.has(name)) return value;
    const text = JSON.stringify(value);
    if (text.length > textMax) return value;
    const known = this.#objects.get(text);
    if (known !== undefined) return known;
    if (this.#objects.size >= valuesMax) this.#distinct.add(name);
    else this.#objects.set(text, value);
    return value;
  }

  #string(name: string, value: string): string {
    if (this.#distinct.has(name)) return value;
    let values = this.#strings.get(name);
    if (values === undefined) {
      values = new Map();
      this.#strings.set(name, values);
    }
    const known = values.get(value);
    if (known !== undefined) return known;
    if (values.size < valuesMax) values.set(value, value);
    else {
      this.#distinct.add(name);
      this.#strings.delete(name);
    }
    return value;
  }
}
