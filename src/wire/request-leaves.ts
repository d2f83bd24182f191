/** Every leaf of an operation's request, with a value at its limit and values beyond it, for tests that cover all of them. */
import { must } from "../lib/assert.ts";
import type { DocumentRow, ListRow, MapRow } from "./collection-limits.ts";
import { integerMax, longMax, type NumberRow, type TimeRow } from "./number-limits.ts";
import { limitOf } from "./request-limits.ts";
import type { ApiOperation } from "./service-definition.ts";
import type { Shape, StructureShape } from "./shapes.ts";
import type { TextRow } from "./text-limits.ts";
import { inputOf } from "./undocumented-members.ts";

/** A text, number, time, list, map or document somewhere in a request. */
export type Leaf = {
  /** Such as `containerDefinitions[].name`. */
  readonly path: string;
  readonly structure: string;
  /** As in the tables of limits. */
  readonly member: string;
  readonly shape: Shape;
  /** The smallest request with `value` at this leaf, as sent. */
  readonly request: (value: unknown) => unknown;
};

/** The leaves of the request of `operation`. A structure that contains itself is visited once. */
export function leavesOf(operation: ApiOperation): Leaf[] {
  const leaves: Leaf[] = [];
  const enter = (shape: StructureShape, path: string, wrap: Leaf["request"], outer: readonly Shape[]): void => {
    if (outer.includes(shape)) return;
    for (const [name, member] of shape.members) {
      const at = path === "" ? name : `${path}.${name}`;
      visit(member, { structure: shape.name, member: name }, at, (value) => wrap({ [name]: value }), [...outer, shape]);
    }
  };
  const visit = (
    shape: Shape,
    { structure, member }: { readonly structure: string; readonly member: string },
    path: string,
    request: Leaf["request"],
    outer: readonly Shape[],
  ): void => {
    if (shape.kind === "structure") enter(shape, path, request, outer);
    if (shape.kind === "structure" || shape.kind === "boolean") return;
    leaves.push({ path, structure, member, shape, request });
    if (shape.kind === "list") {
      visit(shape.member, { structure, member: `${member}[]` }, `${path}[]`, (value) => request([value]), outer);
    }
    if (shape.kind === "map") {
      visit(shape.value, { structure, member: `${member}{}` }, `${path}{}`, (value) => request({ key: value }), outer);
    }
  };
  enter(inputOf(operation), "", (value) => value, []);
  return leaves;
}

/** Values for a leaf, as sent: the largest within its limit, and some just beyond it. Fails for a leaf without a limit. */
export function edgesOf({ shape, structure, member }: Leaf): { legal: unknown[]; beyond: unknown[] } {
  const row: unknown = must(limitOf(shape, structure, member), `a limit of ${structure}.${member}`);
  switch (shape.kind) {
    case "string": {
      const { charactersMax } = row as TextRow;
      const beyond = ["x".repeat(charactersMax + 1), "\0", "\ud800", "\udc00x"];
      return { legal: ["x".repeat(charactersMax), "é🚢 \n"], beyond };
    }
    case "number":
      return numberEdges(row as NumberRow);
    case "timestamp": {
      const { minMs, maxMs } = row as TimeRow;
      return {
        legal: [minMs / 1_000, maxMs / 1_000],
        beyond: [(minMs - 1) / 1_000, (maxMs + 1) / 1_000, 8.64e12, -8.64e12],
      };
    }
    case "list": {
      const { itemsMax } = row as ListRow;
      const item = itemOf(shape.member);
      return { legal: [Array(itemsMax).fill(item)], beyond: [Array(itemsMax + 1).fill(item)] };
    }
    case "map": {
      const { entriesMax, keyCharactersMax } = row as MapRow;
      const entries = (count: number): object =>
        Object.fromEntries(Array.from({ length: count }, (_, i) => [i.toString(36), "v"]));
      return {
        legal: [entries(entriesMax), { ["k".repeat(keyCharactersMax)]: "v" }],
        beyond: [
          entries(entriesMax + 1),
          { ["k".repeat(keyCharactersMax + 1)]: "v" },
          { "\0": "v" },
          { "\ud800": "v" },
        ],
      };
    }
    default: {
      const { charactersMax } = row as DocumentRow;
      return { legal: ["x".repeat(charactersMax - 2)], beyond: ["x".repeat(charactersMax - 1)] };
    }
  }
}

function numberEdges({ type, min, max }: NumberRow): { legal: unknown[]; beyond: unknown[] } {
  const beyond = [min - 1, max + 1, 1e300, -1e300];
  if (type === "double") return { legal: [min, max, 0.5], beyond: [min * 2, max * 2, 1e300, -1e300] };
  return { legal: [min, max], beyond: [...beyond, 0.5, type === "long" ? longMax + 1 : integerMax + 1] };
}

/** A small valid item of a list. */
function itemOf(shape: Shape): unknown {
  if (shape.kind === "structure") return {};
  return shape.kind === "string" ? "x" : 1;
}
