import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readXml, type XmlElement, XmlError } from "./read-xml.ts";
import { xmlElement } from "./xml.ts";

const leaf = (name: string, text: string): XmlElement => ({ name, children: [], text });

test("elements, texts, entities and CDATA are read; attributes, comments and prefixes are passed over", () => {
  const xml = `\ufeff<?xml version="1.0"?>\n<!-- <no> --><ns:a xmlns:ns='x>y'><b c="1 > 0">1 &lt; 2 &amp;amp; &#65;&#x1F600;</b><c/><d
 e=""/><f><![CDATA[<&]]>!</f></ns:a >\n`;
  assert.deepEqual(readXml(xml), {
    name: "a",
    text: "",
    children: [leaf("b", "1 < 2 &amp; A\u{1f600}"), leaf("c", ""), leaf("d", ""), leaf("f", "<&!")],
  });
});

test("a text that was written is read as the same text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: what XML can't have is written as another character
      fc.pre(!/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(text));
      assert.deepEqual(readXml(xmlElement("a", text)), leaf("a", text));
    }),
  );
});

test("what is not one whole document is refused, and so is a document type", () => {
  const odd = [
    ...[
      "",
      "text",
      "<a>",
      "</a>",
      "<a></b>",
      "<a/><b/>",
      "<a/>text",
      "<a><b></a></b>",
      "<a",
      '<a b="',
      "< a/>",
      "<a><",
    ],
    ...["<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "<a>&b;</a>", "<a>& b</a>", "<a>&#0;</a>", "<a>&#x110000;</a>"],
    ...["<!-- <a/>", "<a><![CDATA[</a>", "<?xml <a/>", "<1/>", "{}"],
    `${"<a>".repeat(100)}${"</a>".repeat(100)}`,
  ];
  for (const xml of odd) assert.throws(() => readXml(xml), XmlError, xml.slice(0, 40));
});

test("any text is read or refused with an XmlError", () => {
  const piece = fc.constantFrom(
    "<a>",
    "</a>",
    "<b/>",
    "&lt;",
    "&",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<?",
    "?>",
    "'",
    '"',
    "x",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      try {
        readXml(pieces.join(""));
      } catch (error) {
        assert.ok(error instanceof XmlError);
      }
    }),
  );
});
