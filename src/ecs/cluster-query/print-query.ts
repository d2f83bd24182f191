import type { Expression, Predicate } from "./query.ts";
import { operators, writtenSubject } from "./query-vocabulary.ts";

// Of what may stand without quotation marks only what never needs a second look.
const plain = /^[A-Za-z0-9_.:/@+-]+$/;

/** The text of a tree; parsed, it gives the tree. Literals have no more than one kind of quotation mark in them. */
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
