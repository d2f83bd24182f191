import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseQuery } from "./parse-query.ts";
import { printQuery } from "./print-query.ts";
import type { Expression, Predicate } from "./query.ts";
import { QueryError } from "./query-error.ts";
import { type OperatorName, operatorNames, operators, type SubjectName, subjectNames } from "./query-vocabulary.ts";

const tree = (expression: string): Expression => parseQuery(expression).tree;

function refused(expression: string, message: string | RegExp, position: number): void {
  assert.throws(
    () => parseQuery(expression),
    (error) => {
      assert.ok(error instanceof QueryError, String(error));
      if (typeof message === "string") assert.equal(error.message, `${message} (character ${position + 1})`);
      else assert.match(error.message, message);
      assert.equal(error.position, position, error.message);
      return true;
    },
    expression,
  );
}

/** AWS: which operators go with which subject, written out a second time. */
const documented: Readonly<Record<SubjectName, string>> = {
  agentConnected: "== != in !in =~ !~",
  agentVersion: "== != > >= < <=",
  ec2InstanceId: "== != in !in =~ !~",
  registeredAt: "== != > >= < <=",
  runningTasksCount: "== != > >= < <=",
  "task:group": "== != exists !exists in !in =~ !~",
  attribute: "== != > >= < <= exists !exists in !in =~ !~",
};
const values: Readonly<Record<SubjectName, string>> = {
  agentConnected: "true",
  agentVersion: "1.14.5",
  ec2InstanceId: "i-0a",
  registeredAt: "2018-06-18",
  runningTasksCount: "3",
  "task:group": "service:web",
  attribute: "m5.large",
};

function argumentOf(subject: SubjectName, operator: OperatorName): Predicate["argument"] {
  const { takes } = operators[operator];
  if (takes === "nothing") return null;
  return takes === "list" ? [values[subject], values[subject]] : values[subject];
}
const written = (argument: Predicate["argument"]): string =>
  argument === null ? "" : typeof argument === "string" ? argument : `[${argument.join(", ")}]`;

test("each operator works with the documented subjects, as symbol and as word; an error lists the valid ones", () => {
  assert.deepEqual(Object.keys(documented), subjectNames);
  for (const subject of subjectNames) {
    const text = subject === "attribute" ? "attribute:ecs.instance-type" : subject;
    for (const operator of operatorNames) {
      const argument = argumentOf(subject, operator);
      const allowed = documented[subject].split(" ");
      for (const form of [operator, operators[operator].symbol]) {
        const expression = `${text} ${form} ${written(argument)}`;
        if (allowed.includes(operators[operator].symbol)) {
          const attribute = subject === "attribute" ? "ecs.instance-type" : null;
          assert.deepEqual(tree(expression), { kind: "predicate", subject, attribute, operator, argument }, expression);
        } else {
          const { symbol } = operators[operator];
          const reason = `${text} does not go with "${symbol}", but with ${allowed.join(", ")}`;
          refused(expression, reason, text.length + 1);
        }
      }
    }
  }
});

test("not binds tighter than and, and tighter than or; parentheses override; symbols and words mix", () => {
  const plain = "attribute:a == 1 or not attribute:b exists and attribute:c == 3";
  assert.deepEqual(tree(plain), tree("attribute:a==1||(!(attribute:b exists))&&attribute:c==3"));
  assert.deepEqual(tree(plain), tree("attribute:a == 1 || ((not attribute:b exists) and attribute:c == 3)"));
  assert.notDeepEqual(tree(plain), tree("(attribute:a == 1 or not attribute:b exists) and attribute:c == 3"));
  assert.notDeepEqual(tree(plain), tree("attribute:a == 1 or not (attribute:b exists and attribute:c == 3)"));
  assert.deepEqual(tree("!!(attribute:a exists)"), tree("not not attribute:a exists"));
});

test("spaces matter only between words", () => {
  assert.deepEqual(
    tree("attribute:a!in[x,'y z']and task:group!=b"),
    tree(" attribute:a !in [ x , 'y z' ]\n\tand  task:group != b "),
  );
  assert.deepEqual(
    tree("attribute:a!exists||attribute:b exists"),
    tree("attribute:a not_exists or attribute:b exists"),
  );
  assert.deepEqual(tree("(attribute:a == b)and(attribute:a == b)"), tree("attribute:a == b and attribute:a == b"));
});

test("names and values are taken literally", () => {
  const one = (expression: string): unknown[] => {
    const found = tree(expression);
    return found.kind === "predicate" ? [found.attribute, found.argument] : [];
  };
  assert.deepEqual(one("attribute:com.example/a-b_c\\d == x"), ["com.example/a-b_c\\d", "x"]);
  assert.deepEqual(
    one("attribute:and == or"),
    ["and", "or"],
    "words of the language, where only a name or value can be",
  );
  assert.deepEqual(one(`attribute:a == "it's \\n"`), ["a", "it's \\n"], "no escapes in quotation marks");
  assert.deepEqual(one("attribute:a == ''"), ["a", ""]);
  assert.deepEqual(one("attribute:a == arn:aws:x/y@z"), ["a", "arn:aws:x/y@z"]);
  assert.deepEqual(one("attribute:a =~ (t2|m5)[.()]\\)(x) "), ["a", "(t2|m5)[.()]\\)(x)"]);
  assert.deepEqual(tree("(attribute:a =~ (a|b).*)&&attribute:c =~ x|y||attribute:d exists"), {
    kind: "or",
    operands: [
      { kind: "and", operands: [tree("attribute:a =~ '(a|b).*'"), tree("attribute:c =~ 'x|y'")] },
      tree("attribute:d exists"),
    ],
  });
});

const subjectsExpected =
  'Expected "not", "(" or one of agentConnected, agentVersion, ec2InstanceId, registeredAt, runningTasksCount, task:group, attribute:NAME';

test("an error gives the reason and points at the character", () => {
  refused("", `${subjectsExpected}, found the end`, 0);
  refused("   ", `${subjectsExpected}, found the end`, 3);
  refused("and", `${subjectsExpected}, found "and"`, 0);
  refused("attribute:a exists and", `${subjectsExpected}, found the end`, 22);
  refused("notattribute:a exists", `${subjectsExpected}, found "notattribute:a"`, 0);
  refused("attribute exists", `${subjectsExpected}, found "attribute"`, 0);
  refused("()", `${subjectsExpected}, found ")"`, 1);
  refused("attribute: == a", 'Expected the name of an attribute after "attribute:", found " =="', 10);
  refused("attribute:a", /^Expected an operator after attribute:a \(==, .*\), found the end/, 11);
  refused("runningTasksCount = 1", /^Expected an operator after runningTasksCount \(==, !=, .*\), found "="/, 18);
  refused("attribute:a !inside [b]", /found "!inside"/, 12);
  refused("attribute:a EQUALS b", /found "EQUALS"/, 12);
  refused("attribute:a ==", "Expected a value, found the end", 14);
  refused("attribute:a == [b]", 'Expected a value, found "[b]"', 15);
  refused("attribute:a =~ )", 'Expected a pattern, found ")"', 15);
  refused("attribute:a in b", 'Expected a list like "[a, b]", found "b"', 15);
  refused("attribute:a in []", 'Expected a value in the list, found "]"', 16);
  refused("attribute:a in [b,]", 'Expected a value in the list, found "]"', 18);
  refused("attribute:a in [b c]", 'Expected "," or "]", found "c]"', 18);
  refused("attribute:a == 'b", "No closing ' follows", 15);
  refused("attribute:a == b c", 'Expected "and", "or" or the end, found "c"', 17);
  refused("attribute:a == b & c", 'Expected "and", "or" or the end, found "&"', 17);
  refused("attribute:a == b)", 'Expected "(" before this ")", found ")"', 16);
  refused("(attribute:a == b", 'Expected "and", "or" or ")", found the end', 17);
  refused("agentConnected == yes", 'Expected true or false, found "yes"', 18);
  refused("agentConnected in [true, no]", 'Expected true or false, found "no"', 25);
  refused("agentVersion > 'new'", 'Expected a version like 1.14.5, found "new"', 16);
  refused("registeredAt > 18.6.2018", 'Expected a date like 2018-06-18 or 2018-06-18T22:28:28Z, found "18.6.2018"', 15);
  refused("runningTasksCount > -1", 'Expected a whole number, found "-1"', 20);
  refused("attribute:a =~ 'b(c'", '"(" without ")" in the pattern', 17);
  refused(`attribute:a == b ${"c".repeat(99)}`, `Expected "and", "or" or the end, found "${"c".repeat(24)}..."`, 17);
});

test("length, depth and number of patterns are limited", () => {
  const long = `attribute:a == '${"b".repeat(8_192 - 17)}'`;
  assert.equal(tree(long).kind, "predicate");
  refused(`${long} `, "An expression has at most 8192 characters", 8_192);
  const nested = (depth: number) => `${"(".repeat(depth)}attribute:a exists${")".repeat(depth)}`;
  assert.equal(tree(nested(32)).kind, "predicate");
  refused(nested(33), "The expression is nested more than 32 levels deep", 32);
  refused("!".repeat(8_000), "The expression is nested more than 32 levels deep", 32);
  const alternatives = (count: number) => Array(count).fill("task:group =~ .*").join(" or ");
  assert.equal(tree(alternatives(16)).kind, "or");
  refused(alternatives(17), "More than 16 patterns in an expression", 16 * 20 + 14);
  refused("attribute:a =~ (a{100}){100}", "The patterns of the expression are too large, repetitions counted", 15);
  refused("attribute:a =~ (){999999999}", "The patterns of the expression are too large, repetitions counted", 15);
});

test("equal texts share a query, and the cache can drop every one of them", () => {
  const query = parseQuery("attribute:shared exists");
  assert.equal(parseQuery("attribute:shared exists"), query);
  for (let i = 0; i < 300; i++) parseQuery(`attribute:a == ${i}`);
  assert.notEqual(parseQuery("attribute:shared exists"), query);
  assert.deepEqual(parseQuery("attribute:shared exists").tree, query.tree);
});

test("a query says what its result depends on", () => {
  const { dependsOn } = parseQuery("attribute:a exists or ec2InstanceId == i-1 and registeredAt > 2018-06-18");
  assert.deepEqual(dependsOn, { attributes: true, tasks: false, agent: false });
  const of = (expression: string) =>
    Object.entries(parseQuery(expression).dependsOn).flatMap(([name, is]) => (is ? [name] : []));
  assert.deepEqual(of("ec2InstanceId == i-1"), []);
  assert.deepEqual(of("task:group == a"), ["tasks"]);
  assert.deepEqual(of("not (runningTasksCount > 1)"), ["tasks"]);
  assert.deepEqual(of("agentConnected == true or agentVersion > 1"), ["agent"]);
});

const literals = fc.oneof(
  fc.constantFrom("prod", "a b", "", "it's", 'say "x"', "[a]", "and", "a,b", "m5.large", "\\", "ö", "!"),
  fc.string({ maxLength: 6 }).filter((text) => !(text.includes("'") && text.includes('"'))),
);
const predicates: fc.Arbitrary<Predicate> = fc
  .record({
    attribute: fc.constantFrom("stack", "ecs.instance-type", "com.example/a_b", "and", "x:y"),
    operator: fc.constantFrom(...operatorNames),
    list: fc.array(literals, { minLength: 1, maxLength: 3 }),
  })
  .map(({ attribute, operator, list }) => {
    const argument = { value: list[0] ?? "", list, nothing: null, pattern: "[a-c]+ 'x|y' [(]" }[
      operators[operator].takes
    ];
    return { kind: "predicate", subject: "attribute", attribute, operator, argument };
  });
const { tree: trees } = fc.letrec<{ tree: Expression }>((tie) => ({
  tree: fc.oneof(
    { depthSize: "small", maxDepth: 5 },
    predicates,
    tie("tree").map((operand) => ({ kind: "not" as const, operand })),
    fc
      .tuple(fc.constantFrom("and" as const, "or" as const), fc.array(tie("tree"), { minLength: 2, maxLength: 3 }))
      .map(([kind, operands]) => ({ kind, operands })),
  ),
}));
/** How many instances of the fixed pattern a tree has; the parser allows sixteen. */
const patternsIn = (text: string): number => text.split("~").length - 1;

test("a syntax tree printed and parsed again is the same tree", () => {
  const same = fc.property(trees, (expected) => {
    const text = printQuery(expected);
    fc.pre(text.length <= 8_192 && patternsIn(text) <= 16);
    assert.deepEqual(tree(text), expected, text);
  });
  fc.assert(same, { numRuns: 500 });
});

test("any text gives a query or a QueryError that points into it, quickly", () => {
  const pieces = fc.constantFrom(
    ..."attribute:a|task:group|runningTasksCount|registeredAt|agentConnected|agentVersion".split("|"),
    ..."==|!=|>=|<|exists|!exists|in|not_in|=~|!~|and|&&|or|not|!|(|)|[|]|,|'|\"|\\| |  |x|1|true|2018-06-18|1.2|.*|(a|{9}|{99999}".split(
      "|",
    ),
    "||",
    "|",
  );
  const texts = fc.oneof(
    fc.array(pieces, { maxLength: 40 }).map((all) => all.join("")),
    fc.array(pieces, { maxLength: 40 }).map((all) => all.join(" ")),
    fc.string({ unit: "binary", maxLength: 60 }),
  );
  const holds = fc.property(texts, (text) => {
    const before = performance.now();
    try {
      assert.equal(parseQuery(text).expression, text);
    } catch (error) {
      assert.ok(error instanceof QueryError, String(error));
      assert.ok(error.position >= 0 && error.position <= text.length, error.message);
    }
    assert.ok(performance.now() - before < 500);
  });
  fc.assert(holds, { numRuns: 2_000 });
});
