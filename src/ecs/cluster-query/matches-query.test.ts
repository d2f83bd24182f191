import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { must } from "../../lib/assert.ts";
import type { Attribute } from "../documents/attribute.ts";
import { aCluster, type InstanceOptions } from "../small-world.ts";
import { explainQuery } from "./explain-query.ts";
import { matchesQuery } from "./matches-query.ts";
import { parseQuery } from "./parse-query.ts";
import { printQuery } from "./print-query.ts";
import type { Expression, QuerySubject } from "./query.ts";
import type { OperatorName } from "./query-vocabulary.ts";

/** A container instance with tasks of the given groups; a repeated group has several. */
function anInstance(options: InstanceOptions = {}, groups: readonly string[] = []): QuerySubject {
  const world = aCluster().withInstances(1, options);
  const instance = must([...world.state.instances.values()][0], "the instance");
  const counts = new Map<string, number>();
  for (const group of groups) counts.set(group, (counts.get(group) ?? 0) + 1);
  return { instance, usage: { ...world.state.book.usageOf(instance.id), groups: counts, running: groups.length } };
}
const attributed = (...attributes: [string, string | null][]) =>
  anInstance({ customAttributes: attributes.map(([name, value]) => ({ name, value })) });

function expect(asked: QuerySubject, answers: Readonly<Record<string, boolean>>): void {
  for (const [expression, expected] of Object.entries(answers)) {
    assert.equal(matchesQuery(parseQuery(expression), asked), expected, expression);
  }
}

test("for a missing attribute only !exists holds, and not inverts that", () => {
  expect(attributed(["other", "prod"]), {
    "attribute:stack == prod": false,
    "attribute:stack != prod": false,
    "attribute:stack in [prod]": false,
    "attribute:stack !in [prod]": false,
    "attribute:stack =~ .*": false,
    "attribute:stack !~ prod": false,
    "attribute:stack > a": false,
    "attribute:stack <= z": false,
    "attribute:stack exists": false,
    "attribute:stack !exists": true,
    "not (attribute:stack == prod)": true,
    "not (attribute:stack in [prod])": true,
    "attribute:stack != prod or attribute:stack !exists": true,
  });
});

test("attributes with and without a value are compared", () => {
  expect(attributed(["stack", "test"]), {
    "attribute:stack == test": true,
    "attribute:stack == Test": false,
    "attribute:stack != prod": true,
    "attribute:stack in [prod, test]": true,
    "attribute:stack !in [prod, test]": false,
    "attribute:stack !in [prod]": true,
    "attribute:stack =~ t.*": true,
    "attribute:stack =~ es": false,
    "attribute:stack !~ es": true,
    "attribute:stack exists": true,
    "attribute:stack !exists": false,
    "attribute:ecs.cpu-architecture == x86_64": true,
  });
  expect(attributed(["bare", null]), {
    "attribute:bare exists": true,
    "attribute:bare !exists": false,
    "attribute:bare != prod": true,
    "attribute:bare == ''": true,
    "attribute:bare =~ .*": true,
    "attribute:bare < a": false,
    "attribute:bare >= ''": false,
  });
});

test("the platform's attribute takes precedence over a user's with the same name", () => {
  const list = (value: string): Attribute[] => [{ name: "zone", value }];
  const asked = anInstance({ platformAttributes: list("a"), customAttributes: list("b") });
  expect(asked, { "attribute:zone == a": true, "attribute:zone == b": false });
});

test("attribute values are ordered as numbers if both are numbers, otherwise by code unit", () => {
  expect(attributed(["rank", "10"], ["name", "b"], ["size", "10GB"], ["load", "-0.5"]), {
    "attribute:rank > 9": true,
    "attribute:rank >= 10.0": true,
    "attribute:rank < 9": false,
    "attribute:load < 0": true,
    "attribute:size > 9GB": false,
    "attribute:name > a": true,
    "attribute:name >= b": true,
    "attribute:name < B": false,
    "attribute:name <= b": true,
  });
});

test("task:group holds if it holds for any task of the instance", () => {
  expect(anInstance({}, ["service:web", "service:web", "family:job"]), {
    "task:group == service:web": true,
    "task:group == service:db": false,
    "task:group != service:web": true,
    "task:group in [service:db, family:job]": true,
    "task:group !in [service:web, family:job]": false,
    "task:group !in [service:web]": true,
    "task:group =~ service:.*": true,
    "task:group !~ '(service|family):.*'": false,
    "task:group exists": true,
    "not (task:group == service:web)": false,
    "not (task:group == service:db)": true,
    "runningTasksCount == 3": true,
    "runningTasksCount != 3": false,
    "runningTasksCount > 2": true,
    "runningTasksCount <= 2": false,
  });
  expect(anInstance({}, ["service:web"]), { "task:group != service:web": false });
  expect(anInstance(), {
    "task:group == service:web": false,
    "task:group != service:web": false,
    "task:group !in [service:web]": false,
    "task:group !exists": true,
    "not (task:group == service:web)": true,
    "runningTasksCount < 1": true,
  });
});

test("the agent's connection and version are compared", () => {
  const versionInfo = { agentVersion: "1.97.0", agentHash: null, dockerVersion: null };
  expect(anInstance({ versionInfo, agentConnected: false }), {
    "agentConnected == false": true,
    "agentConnected != false": false,
    "agentConnected in [true]": false,
    "agentConnected !in [true]": true,
    "agentConnected =~ f.*": true,
    "agentConnected !~ f.*": false,
    "agentVersion == 1.97": true,
    "agentVersion != 1.97.0": false,
    "agentVersion > 1.100.0": false,
    "agentVersion < 1.100.0": true,
    "agentVersion >= 1.97.0": true,
    "agentVersion <= 1.9": false,
  });
  for (const unknown of [null, { ...versionInfo, agentVersion: null }, { ...versionInfo, agentVersion: "dev" }]) {
    expect(anInstance({ versionInfo: unknown }), { "agentVersion == 1": false, "agentVersion != 1": false });
  }
});

test("the EC2 instance ID is compared, which an external instance lacks", () => {
  expect(anInstance({ ec2InstanceId: "i-0a" }), {
    "ec2InstanceId == i-0a": true,
    "ec2InstanceId in ['i-0a', 'i-0b']": true,
    "ec2InstanceId !in ['i-0b']": true,
    "ec2InstanceId =~ i-.*": true,
  });
  expect(anInstance({ ec2InstanceId: null }), {
    "ec2InstanceId != i-0a": false,
    "ec2InstanceId !in [i-0a]": false,
    "ec2InstanceId !~ i-.*": false,
    "not (ec2InstanceId == i-0a)": true,
  });
});

test("registeredAt is compared as a time, by the second", () => {
  const registeredAt = Date.UTC(2018, 5, 18, 22, 28, 28) + 345;
  expect(anInstance({ registeredAt }), {
    "registeredAt == 2018-06-18T22:28:28Z": true,
    "registeredAt == 2018-06-19T00:28:28+02:00": true,
    "registeredAt != 2018-06-18T22:28:28": false,
    "registeredAt > 2018-06-18T22:28:28+00:00": false,
    "registeredAt >= 2018-06-18": true,
    "registeredAt < '2018-06-19'": true,
    "registeredAt < 2018-06-18T22:28:29Z": true,
    "registeredAt == 2018-06-18": false,
  });
});

test("an explanation names the innermost predicates that decide, and the values found", () => {
  const versionInfo = { agentVersion: "1.97.0", agentHash: null, dockerVersion: null };
  const customAttributes = [
    { name: "stack", value: "test" },
    { name: "bare", value: null },
  ];
  const registeredAt = Date.UTC(2018, 5, 18, 22, 28, 28);
  const options = { customAttributes, versionInfo, registeredAt, ec2InstanceId: null, agentConnected: false };
  const asked = anInstance(options, ["b", "a", "a"]);
  const explained = (expression: string) => explainQuery(parseQuery(expression), asked);
  const cases: Readonly<Record<string, string>> = {
    "attribute:stack == prod": "attribute:stack == prod is not met: stack is test",
    "attribute:stack exists and attribute:zone != a": "attribute:zone != a is not met: zone is missing",
    "attribute:bare == x": "attribute:bare == x is not met: bare has no value",
    "not (attribute:stack equals test)": "not (attribute:stack == test) is not met: stack is test",
    "not (attribute:stack == test and task:group == a)":
      "not (attribute:stack == test) is not met: stack is test; not (task:group == a) is not met: it has tasks of a, b",
    "task:group == c or runningTasksCount < 3":
      "task:group == c is not met: it has tasks of a, b; runningTasksCount < 3 is not met: the count is 3",
    "agentConnected == true": "agentConnected == true is not met: the agent is not connected",
    "agentVersion > 2": "agentVersion > 2 is not met: the agent's version is 1.97.0",
    "ec2InstanceId in ['i-a']": "ec2InstanceId in [i-a] is not met: it has no EC2 instance ID",
    "registeredAt > 2019-01-01": "registeredAt > 2019-01-01 is not met: it was registered at 2018-06-18T22:28:28Z",
    "attribute:stack == test": "the expression is met",
  };
  for (const [expression, sentence] of Object.entries(cases)) assert.equal(explained(expression), sentence);
  const five = [1, 2, 3, 4, 5].map((value) => `attribute:stack == ${value}`).join(" or ");
  assert.match(explained(five), /^(attribute:stack == [123] is not met: stack is test; ){3}and 2 more$/);
  const busy = anInstance({}, ["g1", "g2", "g3", "g4", "g5", "g6", "g7"]);
  assert.match(
    explainQuery(parseQuery("task:group == x"), busy),
    /it has tasks of g1, g2, g3, g4, g5 and 2 more groups$/,
  );
});

// A second evaluator, written from the rules to be readable: walks the tree with sets and JavaScript's own patterns.
type Facts = { readonly attributes: ReadonlyMap<string, string>; readonly groups: readonly string[] };

function naive(tree: Expression, facts: Facts): boolean {
  if (tree.kind === "not") return !naive(tree.operand, facts);
  if (tree.kind !== "predicate") {
    const answers = tree.operands.map((operand) => naive(operand, facts));
    return tree.kind === "and" ? !answers.includes(false) : answers.includes(true);
  }
  const value = facts.attributes.get(tree.attribute ?? "");
  const found = tree.subject === "task:group" ? facts.groups : value === undefined ? [] : [value];
  if (tree.operator === "exists") return found.length > 0;
  if (tree.operator === "not_exists") return found.length === 0;
  const wanted = [tree.argument ?? []].flat();
  const is: Partial<Record<OperatorName, (text: string) => boolean>> = {
    equals: (text) => text === wanted[0],
    not_equals: (text) => text !== wanted[0],
    in: (text) => wanted.includes(text),
    not_in: (text) => !wanted.includes(text),
    matches: (text) => new RegExp(`^(?:${wanted[0]})$`).test(text),
    not_matches: (text) => !new RegExp(`^(?:${wanted[0]})$`).test(text),
    less_than: (text) => text < (wanted[0] ?? ""),
    greater_than_equal: (text) => text >= (wanted[0] ?? ""),
  };
  return found.some((text) => must(is[tree.operator], tree.operator)(text));
}

const words = fc.constantFrom("a", "b", "ab", "c");
const lists = fc.array(words, { minLength: 1, maxLength: 3 });
const leaves: fc.Arbitrary<Expression> = fc
  .record({
    where: fc.constantFrom("x", "y", null),
    operator: fc.constantFrom<OperatorName[]>(
      "equals",
      "not_equals",
      "in",
      "not_in",
      "exists",
      "not_exists",
      "matches",
      "not_matches",
      "less_than",
      "greater_than_equal",
    ),
    list: lists,
    pattern: fc.constantFrom("a.*", "a|b", "[^a]", "(a|b)+"),
  })
  .filter(({ where, operator }) => where !== null || !/than/.test(operator))
  .map(({ where, operator, list, pattern }) => {
    const one = /matches/.test(operator) ? pattern : (list[0] ?? "");
    const argument = /exists/.test(operator) ? null : /in$/.test(operator) ? list : one;
    const subject = where === null ? "task:group" : "attribute";
    return { kind: "predicate", subject, attribute: where, operator, argument };
  });
const { tree: trees } = fc.letrec<{ tree: Expression }>((tie) => ({
  tree: fc.oneof(
    { depthSize: "small", maxDepth: 4 },
    leaves,
    tie("tree").map((operand) => ({ kind: "not" as const, operand })),
    fc
      .tuple(fc.constantFrom("and" as const, "or" as const), fc.array(tie("tree"), { minLength: 2, maxLength: 3 }))
      .map(([kind, operands]) => ({ kind, operands })),
  ),
}));

test("results agree with a second evaluator, and an explanation says that an expression is met exactly when it is", () => {
  const facts = fc.record({
    attributes: fc.uniqueArray(fc.tuple(fc.constantFrom("x", "y"), words), { selector: ([name]) => name }),
    groups: fc.uniqueArray(words, { maxLength: 3 }),
  });
  const agree = fc.property(trees, fc.array(facts, { minLength: 3, maxLength: 3 }), (tree, several) => {
    const text = printQuery(tree);
    fc.pre(text.split("~").length - 1 <= 16);
    const query = parseQuery(text);
    for (const { attributes, groups } of several) {
      const customAttributes = attributes.map(([name, value]) => ({ name, value }));
      const asked = anInstance({ customAttributes }, groups);
      const answer = matchesQuery(query, asked);
      assert.equal(answer, naive(tree, { attributes: new Map(attributes), groups }), text);
      assert.equal(explainQuery(query, asked) === "the expression is met", answer, text);
    }
  });
  fc.assert(agree, { numRuns: 400 });
});
