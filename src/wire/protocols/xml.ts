/** Replies as XML, by their shapes. */
import { assert } from "../../lib/assert.ts";
import type { Shape, StructureShape } from "../shapes.ts";

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\r": "&#13;",
};

/** A text inside an element. What XML can't have, such as NUL, becomes the character for what can't be shown. */
export function xmlText(text: string): string {
  return (
    text
      .toWellFormed()
      // biome-ignore lint/suspicious/noControlCharactersInRegex: XML 1.0 has no way to write them
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd")
      .replace(/[&<>"\r]/g, (char) => escapes[char] ?? char)
  );
}

/** An element with a text. */
export const xmlElement = (name: string, text: string): string => `<${name}>${xmlText(text)}</${name}>`;

/**
 * The elements of a structure's members, in the order of its shape: null and undefined members are left out, and so are members that the shape does not
 * have; epoch milliseconds become ISO 8601.
 */
export function xmlMembers(shape: StructureShape, value: object): string {
  let text = "";
  for (const [member, memberShape] of shape.members) {
    const given = (value as Readonly<Record<string, unknown>>)[member];
    if (given === undefined || given === null) continue;
    const onWire = shape.onWire?.get(member);
    text += element(onWire?.xml ?? member, memberShape, given, onWire?.isFlat === true);
  }
  return text;
}

function element(name: string, shape: Shape, value: unknown, isFlat: boolean): string {
  switch (shape.kind) {
    case "structure":
      return `<${name}>${xmlMembers(shape, value as object)}</${name}>`;
    case "list": {
      assert(Array.isArray(value), "a list member of a reply is an array");
      const item = isFlat ? name : (shape.item ?? "member");
      const items = value.map((each: unknown) => element(item, shape.member, each, false)).join("");
      return isFlat ? items : `<${name}>${items}</${name}>`;
    }
    case "map": {
      const entry = isFlat ? name : "entry";
      const entries = Object.entries(value as object)
        .map(([key, each]) => {
          const inner = `${xmlElement("key", key)}${element("value", shape.value, each, false)}`;
          return `<${entry}>${inner}</${entry}>`;
        })
        .join("");
      return isFlat ? entries : `<${name}>${entries}</${name}>`;
    }
    case "timestamp":
      // AWS: whole seconds are without a fraction.
      return xmlElement(name, new Date(value as number).toISOString().replace(".000Z", "Z"));
    case "document":
      return xmlElement(name, JSON.stringify(value));
    default:
      return xmlElement(name, String(value));
  }
}
