/**
 * LIMIT: different strings remembered for one member. Members with more of them, such as ARNs of tasks, have few that are equal; this holds the ids
 * of three times the container instances that a cluster can have.
 */
const stringsMax = 16_384;
/** LIMIT: after this many new objects of one member, it is left alone unless more of its objects were known. */
const objectsTried = 1_024;
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
  /** By the name of a member, its objects by their JSON text. Parts of documents are immutable, so any document may have them. */
  readonly #objects = new Map<string, { readonly byText: Map<string, object>; known: number; tried: number }>();
  /** Names of members whose values were too different. */
  readonly #distinctStrings = new Set<string>();
  readonly #distinctObjects = new Set<string>();

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
    if (this.#distinctObjects.has(name)) return value;
    let objects = this.#objects.get(name);
    if (objects === undefined) {
      objects = { byText: new Map(), known: 0, tried: 0 };
      this.#objects.set(name, objects);
    }
    const text = JSON.stringify(value);
    const known = objects.byText.get(text);
    if (known !== undefined) {
      objects.known += 1;
      return known;
    }
    objects.tried += 1;
    if (text.length <= textMax) objects.byText.set(text, value);
    if (objects.tried >= objectsTried && objects.known < objects.tried) {
      this.#distinctObjects.add(name);
      this.#objects.delete(name);
    }
    return value;
  }

  #string(name: string, value: string): string {
    if (this.#distinctStrings.has(name)) return value;
    let values = this.#strings.get(name);
    if (values === undefined) {
      values = new Map();
      this.#strings.set(name, values);
    }
    const known = values.get(value);
    if (known !== undefined) return known;
    if (values.size < stringsMax) values.set(value, value);
    else {
      this.#distinctStrings.add(name);
      this.#strings.delete(name);
    }
    return value;
  }
}
