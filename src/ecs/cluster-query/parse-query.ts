import { Cursor } from "./cursor.ts";
import { holdsOf, type Literal } from "./predicate-test.ts";
import type { Expression, Predicate, Query, QueryWork, Test } from "./query.ts";
import { queryLimits } from "./query-limits.ts";
import {
  goesWith,
  type OperatorName,
  operatorNames,
  operators,
  type SubjectName,
  subjectNames,
  subjects,
  writtenSubject,
} from "./query-vocabulary.ts";

/** A cache by text; the oldest entry goes first. Parsing is pure, so callers see no difference. */
const parsed = new Map<string, Query>();

/** Parses `expression`. Throws QueryError if it is invalid. */
export function parseQuery(expression: string): Query {
  const known = parsed.get(expression);
  if (known !== undefined) return known;
  const query = new QueryReader(expression).query();
  const [oldest] = parsed.keys();
  if (parsed.size >= queryLimits.parsedQueries && oldest !== undefined) parsed.delete(oldest);
  parsed.set(expression, query);
  return query;
}

/** A part of the expression: its syntax tree, and its test ready to evaluate. */
type Part = { readonly tree: Expression; readonly test: Test };

// An unquoted literal, including an attribute's name, ends at a space or at a symbol of the language.
const literalForm = /[^\s()[\],'"&|=<>!~]+/y;
const wordForm = /[A-Za-z_]+/y;
const spaceForm = /\s+/y;
const wordEnd = /[^A-Za-z_0-9]|$/y;

const plainSubjects = subjectNames.filter((name) => name !== "attribute");

/** Symbols, longer ones first if one is a prefix of another. Operators made of letters are read as words. */
const symbols = operatorNames
  .map((name) => ({ name, symbol: operators[name].symbol }))
  .filter(({ symbol }) => !/^[a-z]/.test(symbol))
  .toSorted((a, b) => b.symbol.length - a.symbol.length);

/** Reads one expression. Precedence: `not`, then `and`, then `or`. */
class QueryReader {
  readonly #cursor: Cursor;
  readonly #slots = new Map<string, number>();
  readonly #subjects = new Set<SubjectName>();
  readonly #work: QueryWork = { predicates: 0, patterns: 0, states: 0, steps: 0 };
  #depth = 0;

  constructor(expression: string) {
    this.#cursor = new Cursor(expression);
  }

  query(): Query {
    const expression = this.#cursor.text;
    const max = queryLimits.expressionCharacters;
    if (expression.length > max) this.#cursor.fail(`An expression has at most ${max} characters`, max);
    const { tree, test } = this.#compound("or");
    if (!this.#cursor.ended) {
      this.#cursor.failExpecting(this.#cursor.sees(")") ? '"(" before this ")"' : '"and", "or" or the end');
    }
    const has = (...names: SubjectName[]): boolean => names.some((name) => this.#subjects.has(name));
    const dependsOn = {
      attributes: has("attribute"),
      tasks: has("task:group", "runningTasksCount"),
      agent: has("agentConnected", "agentVersion"),
    };
    return { expression, tree, test, slots: this.#slots, dependsOn, work: this.#work };
  }

  /** Parts with `and` or `or` between them. */
  #compound(kind: "and" | "or"): Part {
    const symbol = kind === "and" ? "&&" : "||";
    const parts: Part[] = [];
    do parts.push(kind === "or" ? this.#compound("and") : this.#unary());
    while (this.#cursor.takes(symbol) || this.#takesWord(kind));
    const [only] = parts;
    if (parts.length === 1 && only !== undefined) return only;
    return {
      tree: { kind, operands: parts.map(({ tree }) => tree) },
      test: { kind, operands: parts.map(({ test }) => test) },
    };
  }

  #unary(): Part {
    this.#skipSpace();
    const start = this.#cursor.at;
    const negated = this.#cursor.takes("!") || this.#takesWord("not");
    const opened = !negated && this.#cursor.takes("(");
    if (!negated && !opened) return this.#predicate();
    this.#depth += 1;
    if (this.#depth > queryLimits.nestingDepth) {
      this.#cursor.fail(`The expression is nested more than ${queryLimits.nestingDepth} levels deep`, start);
    }
    const part = negated ? this.#unary() : this.#compound("or");
    if (opened && !this.#cursor.takes(")")) this.#cursor.failExpecting('"and", "or" or ")"');
    this.#depth -= 1;
    this.#skipSpace();
    if (!negated) return part;
    return { tree: { kind: "not", operand: part.tree }, test: { kind: "not", operand: part.test } };
  }

  #predicate(): Part {
    const { subject, attribute } = this.#subject();
    const operator = this.#operator(subject, attribute);
    const literals = this.#argument(operator);
    this.#skipSpace();
    const texts = literals.map(({ text }) => text);
    const { takes } = operators[operator];
    const argument = takes === "nothing" ? null : takes === "list" ? texts : (texts[0] ?? "");
    const tree: Predicate = { kind: "predicate", subject, attribute, operator, argument };
    const holds = holdsOf(subject, { operator, literals, work: this.#work });
    this.#subjects.add(subject);
    this.#work.predicates += 1;
    return { tree, test: { kind: "predicate", predicate: tree, holds, slot: this.#slotOf(attribute) } };
  }

  #slotOf(attribute: string | null): number {
    if (attribute === null) return -1;
    const slot = this.#slots.get(attribute) ?? this.#slots.size;
    this.#slots.set(attribute, slot);
    return slot;
  }

  #subject(): { subject: SubjectName; attribute: string | null } {
    const cursor: Cursor = this.#cursor;
    const start = cursor.at;
    if (cursor.takes("attribute:")) {
      const attribute = cursor.takeAll(literalForm);
      if (attribute === "") cursor.failExpecting('the name of an attribute after "attribute:"');
      return { subject: "attribute", attribute };
    }
    const word = cursor.takeAll(literalForm);
    const subject = plainSubjects.find((name) => name === word);
    if (subject === undefined) {
      const known = subjectNames.map((name) => writtenSubject(name, null)).join(", ");
      cursor.failExpecting(`"not", "(" or one of ${known}`, start);
    }
    return { subject, attribute: null };
  }

  #operator(subject: SubjectName, attribute: string | null): OperatorName {
    this.#skipSpace();
    const start = this.#cursor.at;
    const operator = this.#takesOperator();
    const written = writtenSubject(subject, attribute);
    const allowed = subjects[subject].map((name) => operators[name].symbol).join(", ");
    if (operator === null) this.#cursor.failExpecting(`an operator after ${written} (${allowed})`, start);
    if (!goesWith(subject, operator)) {
      this.#cursor.fail(`${written} does not go with "${operators[operator].symbol}", but with ${allowed}`, start);
    }
    return operator;
  }

  #takesOperator(): OperatorName | null {
    for (const { name, symbol } of symbols) {
      const before = this.#cursor.at;
      if (!this.#cursor.takes(symbol)) continue;
      if (!/[a-z]$/.test(symbol) || this.#atWordEnd()) return name;
      this.#cursor.at = before;
    }
    const word = this.#cursor.takeAll(wordForm);
    return operatorNames.find((name) => name === word) ?? null;
  }

  #argument(operator: OperatorName): Literal[] {
    this.#skipSpace();
    switch (operators[operator].takes) {
      case "nothing":
        return [];
      case "value":
        return [this.#quotedLiteral() ?? this.#plainLiteral("a value")];
      case "pattern":
        return [this.#quotedLiteral() ?? this.#plainPattern()];
      case "list":
        return this.#list();
    }
  }

  #list(): Literal[] {
    if (!this.#cursor.takes("[")) this.#cursor.failExpecting('a list like "[a, b]"');
    const literals: Literal[] = [];
    do {
      this.#skipSpace();
      literals.push(this.#quotedLiteral() ?? this.#plainLiteral("a value in the list"));
      this.#skipSpace();
    } while (this.#cursor.takes(","));
    if (!this.#cursor.takes("]")) this.#cursor.failExpecting('"," or "]"');
    return literals;
  }

  /** The content of a quoted text, taken literally. Null if there is no quotation mark. */
  #quotedLiteral(): Literal | null {
    const cursor = this.#cursor;
    const start = cursor.at;
    const mark = cursor.takes("'") ? "'" : cursor.takes('"') ? '"' : null;
    if (mark === null) return null;
    const end = cursor.text.indexOf(mark, cursor.at);
    if (end < 0) cursor.fail(`No closing ${mark} follows`, start);
    const literal = { text: cursor.text.slice(cursor.at, end), at: cursor.at };
    cursor.at = end + 1;
    return literal;
  }

  #plainLiteral(expected: string): Literal {
    const at = this.#cursor.at;
    const text = this.#cursor.takeAll(literalForm);
    if (text === "") this.#cursor.failExpecting(expected);
    return { text, at };
  }

  /** An unquoted pattern: up to a space, `&&`, `||`, a quotation mark or an unbalanced closing parenthesis. */
  #plainPattern(): Literal {
    const { text, at } = this.#cursor;
    let end = at;
    let open = 0;
    let inClass = false;
    for (; end < text.length; end++) {
      const character = text[end] as string;
      if (/[\s'"]/.test(character)) break;
      if (character === "\\") end += /\S/.test(text[end + 1] ?? " ") ? 1 : 0;
      else if (inClass) inClass = character !== "]";
      else if (text.startsWith("&&", end) || text.startsWith("||", end)) break;
      else if (character === ")" && open === 0) break;
      else if (character === "[") inClass = true;
      else if (character === "(") open += 1;
      else if (character === ")") open -= 1;
    }
    if (end === at) this.#cursor.failExpecting("a pattern");
    this.#cursor.at = end;
    return { text: text.slice(at, end), at };
  }

  #skipSpace(): void {
    this.#cursor.takeAll(spaceForm);
  }

  /** Skips the word `expected` if it is a whole word here. */
  #takesWord(expected: string): boolean {
    const before = this.#cursor.at;
    if (this.#cursor.takes(expected) && this.#atWordEnd()) return true;
    this.#cursor.at = before;
    return false;
  }

  #atWordEnd(): boolean {
    wordEnd.lastIndex = this.#cursor.at;
    return wordEnd.test(this.#cursor.text);
  }
}
