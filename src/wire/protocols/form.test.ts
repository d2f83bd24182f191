import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { WireError } from "../errors.ts";
import type { ShapesAsWritten } from "../shapes.ts";
import { SdkShapes } from "../shapes.ts";
import { Form, type FormNames } from "./form.ts";

const written: ShapesAsWritten = {
  operations: { Do: { input: "In", output: "In" } },
  errors: {},
  structures: {
    In: {
      Name: "string",
      Count: "number",
      Flag: "boolean",
      At: "timestamp",
      Bytes: "blob",
      Tags: "Tag[]",
      Words: "string[Word]",
      Flat: "Tag[] xml=Flt flat",
      Map: "map<string>",
      FlatMap: "map<number> flat",
      Renamed: "string xml=renamed query=ReNamed",
      Inner: "In",
    },
    Tag: { Key: "string", Value: "string" },
  },
  unions: {},
};
const { input } = new SdkShapes(() => written).of("Do");
const names: FormNames = {
  member: (shape, member) => shape.onWire?.get(member)?.xml ?? member,
  areListsFlat: false,
};
const read = (body: string | Uint8Array) => new Form(body).request(input, names);
const refused = (body: string | Uint8Array) =>
  assert.throws(
    () => read(body),
    (error: unknown) => error instanceof WireError && error.code === "SerializationException",
    String(body),
  );

describe("a form", () => {
  test("is read by the shape, whatever the order of its parameters", () => {
    const body =
      "Tags.member.10.Key=last&Action=Do&Name=a%26b+c&Tags.member.2.Value=v%C3%A9&Tags.member.2.Key=k&Count=-3.5&Flag=TRUE&At=2026-11-28T15:00:00Z" +
      "&Words.Word.1=x&Words.Word.2=&Flt.1.Key=f&Map.entry.1.key=a&Map.entry.1.value=1&FlatMap.1.key=b&FlatMap.1.value=2&renamed=r&Inner.Name=i&Bytes=AAE%3D&Unknown.x=1";
    assert.deepEqual(read(body), {
      Name: "a&b c",
      Count: -3.5,
      Flag: true,
      At: Date.parse("2026-11-28T15:00:00Z"),
      Bytes: "AAE=",
      Tags: [{ Key: "k", Value: "vé" }, { Key: "last" }],
      Words: ["x", ""],
      Flat: [{ Key: "f" }],
      Map: { a: "1" },
      FlatMap: { b: 2 },
      Renamed: "r",
      Inner: { Name: "i" },
    });
    assert.deepEqual(read(Buffer.from(body)), read(body));
  });

  test("with a name and nothing behind it has an empty list", () => {
    assert.deepEqual(read("Tags=&Map="), { Tags: [], Map: {} });
    assert.deepEqual(read(""), {});
  });

  test("of EC2 has the items of lists right behind their names", () => {
    const ec2: FormNames = { member: (_, member) => member, areListsFlat: true };
    assert.deepEqual(new Form("Words.1=a&Words.2=b&Tags.1.Key=k").request(input, ec2), {
      Words: ["a", "b"],
      Tags: [{ Key: "k" }],
    });
  });

  test("keeps a key that is the name of a prototype", () => {
    const { Map: map } = read("Map.entry.1.key=__proto__&Map.entry.1.value=1&__proto__.x=1") as { Map: object };
    assert.deepEqual(Object.entries(map), [["__proto__", "1"]]);
  });

  test("with a value of another type is refused", () => {
    for (const body of ["Count=x", "Count=", "Flag=1", "At=yesterday", "Bytes=%%%", "Name.x=1", "Map.entry.1.value=1"])
      refused(body);
    refused(Buffer.from([0x4e, 0x61, 0x6d, 0x65, 0x3d, 0xff]));
  });

  test("has a bound on its parameters and on their depth", () => {
    refused("a=1&".repeat(10_001));
    refused(`Inner${".Inner".repeat(40)}.Name=x`);
    assert.ok(read(`Inner${".Inner".repeat(20)}.Name=x`));
  });
});
