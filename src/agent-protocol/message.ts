import type { Members, ObjectOf, Shape } from "./shape.ts";
import { isObject, object } from "./shape.ts";

/** One kind of message: the name in its envelope, and the shape of the content. */
export type MessageDefinition<Type extends string, Body> = { readonly type: Type; readonly body: Shape<Body> };

/** A message on the wire: one JSON object in one text frame. */
export type Message<Type extends string, Body> = { readonly type: Type; readonly message: Body };

export type MessageOf<D> = D extends MessageDefinition<infer Type, infer Body> ? Message<Type, Body> : never;

export function defineMessage<const Type extends string, M extends Members>(
  type: Type,
  members: M,
): MessageDefinition<Type, ObjectOf<M>> {
  return { type, body: object(members) };
}

export type Parsed<T> =
  | { readonly ok: true; readonly message: T }
  /** `type` is the type that the message claims, shortened. */
  | { readonly ok: false; readonly type: string; readonly problem: string };

/** A reader of the messages in `definitions`. Returns the message, or why it is not one of them. */
export function messageParser<const D extends readonly MessageDefinition<string, unknown>[]>(
  definitions: D,
): (value: unknown) => Parsed<MessageOf<D[number]>> {
  const byType = new Map(definitions.map((definition) => [definition.type, definition]));
  return (value) => {
    if (!isObject(value) || typeof value.type !== "string") {
      return { ok: false, type: "", problem: "no envelope with a type" };
    }
    const type = value.type.slice(0, 64);
    const definition = byType.get(type);
    if (definition === undefined) return { ok: false, type, problem: "unknown type" };
    const problem = definition.body.misfit(value.message, "message");
    if (problem !== null) return { ok: false, type, problem };
    return { ok: true, message: value as MessageOf<D[number]> };
  };
}
