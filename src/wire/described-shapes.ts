import type { ListShape, Shape, SimpleShape, StructureShape } from "./shapes.ts";

/** A member of one of Berth's own structures: its shape, and a description for docs/berth-api.md. */
export type Member = { readonly shape: Shape; readonly about: string };

/** A structure that isn't in the SDK, written by hand. Its members are read like the SDK's. */
export type DescribedStructure = StructureShape & { readonly about: ReadonlyMap<string, string> };

const simple = (kind: SimpleShape["kind"]) => {
  const shape: SimpleShape = { kind };
  return (about: string): Member => ({ shape, about });
};

export const text = simple("string");
export const number = simple("number");
export const boolean = simple("boolean");
/** Epoch seconds on the wire, epoch milliseconds in Berth. */
export const timestamp = simple("timestamp");

const textList: ListShape = { kind: "list", member: { kind: "string" } };
const numberList: ListShape = { kind: "list", member: { kind: "number" } };

export const texts = (about: string): Member => ({ shape: textList, about });
export const numbers = (about: string): Member => ({ shape: numberList, about });
export const one = (shape: StructureShape, about: string): Member => ({ shape, about });
export const many = (shape: StructureShape, about: string): Member => ({
  shape: { kind: "list", member: shape },
  about,
});

/** A structure named `name` with these members, in this order. */
export function structure(name: string, members: Readonly<Record<string, Member>>): DescribedStructure {
  const entries = Object.entries(members);
  return {
    kind: "structure",
    name,
    isUnion: false,
    members: new Map(entries.map(([member, { shape }]) => [member, shape])),
    about: new Map(entries.map(([member, { about }]) => [member, about])),
  };
}

/** True for Berth's own structures, false for the SDK's. */
export function isDescribed(shape: StructureShape): shape is DescribedStructure {
  return "about" in shape;
}
