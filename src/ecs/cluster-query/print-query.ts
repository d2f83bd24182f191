import type { Expression, Predicate } from "./query.ts";
import { operators, writtenSubject } from "./query-vocabulary.ts";

// Texts that need no quotation marks. Narrower than the language allows, so none is doubtful.
const plain = /^[A-Za-z0-9_.:/@+-]+$/;

/** The text of a syntax tree; parsing it gives the same tree. A literal contains at most one kind of quotation mark. */
export function printQuery(tree: Expression): string {
  switch (tree.kind) {
    case "and":
    case "or":
      return tree.operands.map(printOperand).join(` ${tree.kind} `);
    case "not":
      return `not ${printOperand(tree.operand)}`;
    case "predicate":
      return printPredicate(tree);
  }
}

const printOperand = (tree: Expression): string =>
  tree.kind === "and" || tree.kind === "or" ? `(${printQuery(tree)})` : printQuery(tree);

function printPredicate({ subject, attribute, operator, argument }: Predicate): string {
  const written = `${writtenSubject(subject, attribute)} ${operators[operator].symbol}`;
  if (argument === null) return written;
  if (typeof argument === "string") return `${written} ${printLiteral(argument)}`;
  return `${written} [${argument.map(printLiteral).join(", ")}]`;
}

function printLiteral(text: string): string {
  if (plain.test(text)) return text;
  return text.includes("'") ? `"${text}"` : `'${text}'`;
}
