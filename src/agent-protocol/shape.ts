/** What a value must look like, and the type it then has. Unknown members of objects are let through. */
export interface Shape<T> {
  /** Where and how `value` differs, as a phrase; null when it fits. */
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

function plain<T>(kind: "string" | "number" | "boolean"): Shape<T> {
  return {
    misfit: (value, at) => (typeof value === kind ? null : `${at} is no ${kind}`),
  };
}

export const text: Shape<string> = plain("string");
export const number: Shape<number> = plain("number");
export const flag: Shape<boolean> = plain("boolean");

/** A string that may not be empty: the agent drops a message that lacks it. */
export const filledText: Shape<string> = {
  misfit: (value, at) => (typeof value === "string" && value !== "" ? null : `${at} is empty or no string`),
};

export const integer: Shape<number> = {
  misfit: (value, at) => (Number.isSafeInteger(value) ? null : `${at} is no integer`),
};

/** Anything that JSON can hold, left to its reader. */
export const anything: Shape<unknown> = { misfit: () => null };

export function oneOf<const T extends string>(values: readonly T[]): Shape<T> {
  return {
    misfit: (value, at) =>
      (values as readonly unknown[]).includes(value) ? null : `${at} is none of ${values.join(", ")}`,
  };
}

export function list<T>(item: Shape<T>): Shape<readonly T[]> {
  return {
    misfit(value, at) {
      if (!Array.isArray(value)) return `${at} is no list`;
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
    misfit(value, at) {
      if (!isObject(value)) return `${at} is no object`;
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
    misfit(value, at) {
      if (!isObject(value)) return `${at} is no object`;
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
  return { misfit: shape.misfit, optional: true };
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
