/** The parts of a shape, for tests that walk all of them. A null bound marks messages that the agent itself trusts. */
export type ShapeNode =
  | { readonly kind: "text"; readonly charactersMax: number | null }
  | { readonly kind: "number"; readonly min: number | null; readonly max: number | null }
  | { readonly kind: "flag" }
  | { readonly kind: "word" }
  | { readonly kind: "anything" }
  | { readonly kind: "dropped" }
  | { readonly kind: "list"; readonly item: Shape<unknown>; readonly itemsMax: number | null }
  | { readonly kind: "map"; readonly item: Shape<unknown> }
  | { readonly kind: "object"; readonly members: Members };

/** What a value must look like, and its type. Unknown members of objects are allowed. */
export interface Shape<T> {
  readonly node: ShapeNode;
  /** Where and how `value` differs, as a phrase. Null if it fits. */
  misfit(value: unknown, at: string): string | null;
  readonly optional?: boolean;
  /** Only for the compiler. */
  readonly type?: T;
}

export interface OptionalShape<T> extends Shape<T> {
  readonly optional: true;
}

export type Members = { readonly [name: string]: Shape<unknown> };

export type TypeOf<S> = S extends Shape<infer T> ? T : never;

type OptionalNames<M extends Members> = { [K in keyof M]: M[K] extends OptionalShape<unknown> ? K : never }[keyof M];

export type ObjectOf<M extends Members> = {
  readonly [K in Exclude<keyof M, OptionalNames<M>>]: TypeOf<M[K]>;
} & { readonly [K in OptionalNames<M>]?: TypeOf<M[K]> | null | undefined };

function plain<T>(kind: "string" | "number" | "boolean", node: ShapeNode): Shape<T> {
  return { node, misfit: (value, at) => (typeof value === kind ? null : `${at} is not a ${kind}`) };
}

const anyText: ShapeNode = { kind: "text", charactersMax: null };
const anyNumber: ShapeNode = { kind: "number", min: null, max: null };

export const text: Shape<string> = plain("string", anyText);
export const number: Shape<number> = plain("number", anyNumber);
export const flag: Shape<boolean> = plain("boolean", { kind: "flag" });

/** A text of at most `charactersMax` UTF-16 code units. */
export function textUpTo(charactersMax: number): Shape<string> {
  return {
    node: { kind: "text", charactersMax },
    misfit(value, at) {
      if (typeof value !== "string") return `${at} is not a string`;
      if (value.length > charactersMax) return `${at} is longer than ${charactersMax} characters`;
      return value.isWellFormed() ? null : `${at} is not well-formed Unicode`;
    },
  };
}

/** A number, whole or not, between two bounds. */
export function numberBetween(min: number, max: number): Shape<number> {
  return {
    node: { kind: "number", min, max },
    misfit(value, at) {
      if (typeof value !== "number") return `${at} is not a number`;
      return value >= min && value <= max ? null : `${at} is not between ${min} and ${max}`;
    },
  };
}

/** A string that may not be empty: an agent drops a message without it. */
export const filledText: Shape<string> = {
  node: anyText,
  misfit: (value, at) => (typeof value === "string" && value !== "" ? null : `${at} is empty or not a string`),
};

export const integer: Shape<number> = {
  node: anyNumber,
  misfit: (value, at) => (Number.isSafeInteger(value) ? null : `${at} is not an integer`),
};

/** Anything that JSON can hold, left to its reader. */
export const anything: Shape<unknown> = { node: { kind: "anything" }, misfit: () => null };

/** Anything that JSON can hold and nobody reads. Only the size of the message bounds it. */
export const dropped: Shape<unknown> = { node: { kind: "dropped" }, misfit: () => null };

export function oneOf<const T extends string>(values: readonly T[]): Shape<T> {
  return {
    node: { kind: "word" },
    misfit: (value, at) =>
      (values as readonly unknown[]).includes(value) ? null : `${at} is not one of ${values.join(", ")}`,
  };
}

/** A list. In messages from an agent it needs `itemsMax`. */
export function list<T>(item: Shape<T>, itemsMax: number | null = null): Shape<readonly T[]> {
  return {
    node: { kind: "list", item, itemsMax },
    misfit(value, at) {
      if (!Array.isArray(value)) return `${at} is not a list`;
      if (itemsMax !== null && value.length > itemsMax) return `${at} has more than ${itemsMax} items`;
      for (let i = 0; i < value.length; i++) {
        const found = item.misfit(value[i], `${at}[${i}]`);
        if (found !== null) return found;
      }
      return null;
    },
  };
}

export function map<T>(item: Shape<T>): Shape<{ readonly [key: string]: T }> {
  return {
    node: { kind: "map", item },
    misfit(value, at) {
      if (!isObject(value)) return `${at} is not an object`;
      for (const key of Object.keys(value)) {
        const found = item.misfit(value[key], `${at}.${key}`);
        if (found !== null) return found;
      }
      return null;
    },
  };
}

export function object<M extends Members>(members: M): Shape<ObjectOf<M>> {
  const entries = Object.entries(members);
  return {
    node: { kind: "object", members },
    misfit(value, at) {
      if (!isObject(value)) return `${at} is not an object`;
      for (const [name, shape] of entries) {
        const member = value[name];
        if (member === undefined || member === null) {
          if (shape.optional !== true) return `${at}.${name} is missing`;
          continue;
        }
        const found = shape.misfit(member, `${at}.${name}`);
        if (found !== null) return found;
      }
      return null;
    },
  };
}

/** A member that may be absent or null. */
export function optional<T>(shape: Shape<T>): OptionalShape<T> {
  return { node: shape.node, misfit: shape.misfit, optional: true };
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
