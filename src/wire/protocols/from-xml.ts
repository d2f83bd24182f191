/** Replies in XML, read by their shapes: the reverse of `xml.ts`. */
import { isBase64, parseTimestamp } from "../parse.ts";
import type { ListShape, Shape, StructureShape } from "../shapes.ts";
import type { XmlElement } from "./read-xml.ts";

/**
 * The members of a structure that an element has, in API shape: times are epoch milliseconds. Elements that the shape doesn't have are left out, and so are
 * values of another kind than the shape's: emulators write `None` where they have no number.
 */
export function membersFromXml(shape: StructureShape, element: XmlElement): Record<string, unknown> {
  const members: Record<string, unknown> = {};
  const byName = new Map<string, XmlElement[]>();
  for (const child of element.children) {
    const same = byName.get(child.name);
    if (same === undefined) byName.set(child.name, [child]);
    else same.push(child);
  }
  for (const [member, memberShape] of shape.members) {
    const onWire = shape.onWire?.get(member);
    const found = byName.get(onWire?.xml ?? member);
    if (found === undefined) continue;
    const value =
      memberShape.kind === "list" && onWire?.isFlat === true
        ? items(memberShape, found)
        : valueFromXml(memberShape, found[0] as XmlElement);
    if (value !== undefined) members[member] = value;
  }
  return members;
}

function items({ member }: ListShape, elements: readonly XmlElement[]): unknown[] {
  return elements.map((each) => valueFromXml(member, each)).filter((value) => value !== undefined);
}

function valueFromXml(shape: Shape, element: XmlElement): unknown {
  const { text } = element;
  switch (shape.kind) {
    case "structure":
      return membersFromXml(shape, element);
    case "list":
      return items(
        shape,
        element.children.filter(({ name }) => name === (shape.item ?? "member")),
      );
    case "string":
      return text;
    case "number":
      return /^\s*-?\d{1,20}(?:\.\d{1,20})?(?:[eE][+-]?\d{1,3})?\s*$/.test(text) ? Number(text) : undefined;
    case "boolean":
      return /^\s*(?:true|false)\s*$/i.test(text) ? text.trim().toLowerCase() === "true" : undefined;
    case "timestamp":
      return timestamp(text.trim());
    case "blob":
      return isBase64(text) ? text : undefined;
    case "map":
    case "document":
      // No reply that is read has one.
      return undefined;
  }
}

function timestamp(text: string): number | undefined {
  try {
    return text === "" ? undefined : (parseTimestamp(text) as number);
  } catch {
    return undefined;
  }
}
