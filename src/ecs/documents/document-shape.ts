/**
 * What a stored value must look like before rules may rely on it: the name of a type, with `?` appended if it may be null; a list with the
 * shape of its items; the members of an object; or one of several words. Unnamed members may be anything, so a newer Berth can add some.
 */
export type Shape =
  | "string"
  | "string?"
  | "number"
  | "number?"
  | "boolean"
  | "object"
  | "object?"
  | readonly [Shape]
  | ReadonlySet<string>
  | OrNull
  | Members;

export type Members = { readonly [member: string]: Shape };

/** A shape that also allows null. */
export class OrNull {
  readonly shape: Shape;

  constructor(shape: Shape) {
    this.shape = shape;
  }
}

export const orNull = (shape: Shape): OrNull => new OrNull(shape);

/** Why `value` doesn't have the shape, as the end of a sentence that begins with the document's name; null if it does. */
export function shapeProblem(value: unknown, shape: Shape, path = ""): string | null {
  if (typeof shape === "string") return typeProblem(value, shape, path);
  if (shape instanceof OrNull) return value === null ? null : shapeProblem(value, shape.shape, path);
  if (shape instanceof Set) {
    return typeof value === "string" && shape.has(value) ? null : wrong(path, `one of ${[...shape].join(", ")}`);
  }
  if (Array.isArray(shape)) return itemProblem(value, shape[0] as Shape, path);
  if (!isObject(value)) return wrong(path, "an object");
  for (const [member, inner] of Object.entries(shape as Members)) {
    const problem = shapeProblem(value[member], inner, path === "" ? member : `${path}.${member}`);
    if (problem !== null) return problem;
  }
  return null;
}

function typeProblem(value: unknown, type: string, path: string): string | null {
  const name = type.endsWith("?") ? type.slice(0, -1) : type;
  if (value === null && name !== type) return null;
  const isRight =
    name === "object" ? isObject(value) : name === "number" ? Number.isFinite(value) : typeof value === name;
  return isRight ? null : wrong(path, `a ${name}${name === type ? "" : " or null"}`.replace("a object", "an object"));
}

function itemProblem(value: unknown, item: Shape, path: string): string | null {
  if (!Array.isArray(value)) return wrong(path, "a list");
  for (const [index, each] of value.entries()) {
    const problem = shapeProblem(each, item, `${path}[${index}]`);
    if (problem !== null) return problem;
  }
  return null;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const wrong = (path: string, wanted: string): string =>
  path === "" ? `it is not ${wanted}` : `its member ${path} is not ${wanted}`;
