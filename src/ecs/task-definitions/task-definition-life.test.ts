import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { TaskDefinition } from "../documents/task-definition.ts";
import { limits } from "../limits.ts";
import { SmallAccount } from "../small-account.ts";

type Shown = { taskDefinitionArn: string; revision: number; status: string; deregisteredAt: number | null };
type Listed = { taskDefinitionArns: string[]; nextToken: string | null };

const containerDefinitions = [{ name: "app", image: "nginx", memory: 64 }];
const arn = (name: string) => `${SmallAccount.arn}task-definition/${name}`;

function register(account: SmallAccount, family: string): Shown {
  return account.call<{ taskDefinition: Shown }>("RegisterTaskDefinition", { family, containerDefinitions })
    .taskDefinition;
}

function deregister(account: SmallAccount, taskDefinition: string): Shown {
  return account.call<{ taskDefinition: Shown }>("DeregisterTaskDefinition", { taskDefinition }).taskDefinition;
}

function names(account: SmallAccount, request: object = {}): string[] {
  const { taskDefinitionArns } = account.call<Listed>("ListTaskDefinitions", request);
  return taskDefinitionArns.map((text) => text.slice(arn("").length));
}

test("DescribeTaskDefinition finds a family's latest ACTIVE revision, a revision and an ARN", () => {
  const account = new SmallAccount();
  for (let i = 0; i < 3; i++) register(account, "web");
  deregister(account, "web:3");
  const revision = (taskDefinition: string) =>
    account.call<{ taskDefinition: Shown }>("DescribeTaskDefinition", { taskDefinition }).taskDefinition.revision;
  assert.deepEqual(["web", "web:3", "web:1", arn("web:2"), arn("web")].map(revision), [2, 3, 1, 2, 2]);
  deregister(account, "web:2");
  assert.equal(revision("web"), 1);
  deregister(account, "web:1");
  for (const taskDefinition of ["web", "web:4", "none", undefined, "", arn("web:9")]) {
    assert.equal(
      account.refusal("DescribeTaskDefinition", { taskDefinition }),
      "ClientException: Unable to describe task definition.",
    );
  }
  const refusal = (taskDefinition: string) => account.refusal("DescribeTaskDefinition", { taskDefinition });
  assert.equal(refusal("web:new"), "ClientException: Invalid revision number. Number: new");
  assert.equal(refusal("web:"), "ClientException: Revision is missing.");
  const include = ["STATUS"];
  assert.match(account.refusal("DescribeTaskDefinition", { taskDefinition: "web:1", include }), /^InvalidParameter/);
});

test("DescribeTaskDefinition shows tags on request", () => {
  const account = new SmallAccount();
  const tags = [{ key: "a", value: "b" }];
  account.call("RegisterTaskDefinition", { family: "web", containerDefinitions, tags });
  const shown = (include?: string[]) =>
    account.call<{ tags: object[] }>("DescribeTaskDefinition", { taskDefinition: "web", include }).tags;
  assert.deepEqual([shown(), shown(["TAGS"])], [[], tags]);
});

test("DeregisterTaskDefinition makes a revision INACTIVE, once", () => {
  const account = new SmallAccount();
  register(account, "web");
  account.now += 5;
  const first = deregister(account, "web:1");
  assert.deepEqual([first.status, first.deregisteredAt], ["INACTIVE", account.now]);
  account.now += 5;
  assert.deepEqual(deregister(account, arn("web:1")), first);
  const refusal = (taskDefinition?: string) => account.refusal("DeregisterTaskDefinition", { taskDefinition });
  assert.equal(refusal("web"), "ClientException: Revision is missing.");
  assert.equal(refusal("web:x"), "ClientException: Invalid revision number. Number: x");
  assert.match(refusal("web:2"), /^ClientException: .*does not exist/);
  assert.match(refusal(), /^ClientException: .*does not exist/);
  account.call("DeleteTaskDefinitions", { taskDefinitions: ["web:1"] });
  assert.match(refusal("web:1"), /^ClientException: .*being deleted/);
});

test("tasks and services refuse unknown and INACTIVE definitions, each with its own error", () => {
  const account = new SmallAccount();
  register(account, "web");
  register(account, "web");
  deregister(account, "web:2");
  const resolve = (reference: string | undefined, purpose: "task" | "service" = "task") =>
    account.ask<TaskDefinition>({ type: "resolve-task-definition", reference, purpose });
  assert.deepEqual([resolve("web").revision, resolve(arn("web:1")).revision], [1, 1]);
  const inactive = "TaskDefinition is inactive";
  assert.throws(() => resolve("web:2"), { code: "InvalidParameterException", message: inactive });
  assert.throws(() => resolve("web:2", "service"), { code: "ClientException", message: inactive });
  account.call("DeleteTaskDefinitions", { taskDefinitions: ["web:2"] });
  assert.throws(() => resolve("web:2"), { code: "InvalidParameterException", message: inactive });
  assert.throws(() => resolve("none"), { code: "ClientException", message: "TaskDefinition not found." });
  assert.throws(() => resolve("web:3"), { code: "ClientException", message: "TaskDefinition not found." });
  assert.throws(() => resolve(undefined), { code: "InvalidParameterException", message: /can not be blank/ });
});

test("DeleteTaskDefinitions accepts INACTIVE revisions, and says why not others", () => {
  const account = new SmallAccount();
  for (let i = 0; i < 3; i++) register(account, "web");
  deregister(account, "web:1");
  const taskDefinitions = ["web:1", "web:2", "web:9", "web", "web:x"];
  const result = account.step({
    type: "call",
    operation: "DeleteTaskDefinitions",
    request: { taskDefinitions },
    caller: { principalArn: account.principalArn, isAgent: false },
    counts: [],
  });
  assert.ok(result.reply.ok);
  const reply = result.reply.value as { taskDefinitions: Shown[]; failures: { arn: string; reason: string }[] };
  assert.deepEqual(
    reply.taskDefinitions.map((shown) => [shown.taskDefinitionArn, shown.status]),
    [[arn("web:1"), "DELETE_IN_PROGRESS"]],
  );
  assert.deepEqual(
    reply.failures.map((failure) => [failure.arn, failure.reason]),
    [
      [
        arn("web:2"),
        "The specified task definition is still in ACTIVE status. Please deregister the target and try again.",
      ],
      [arn("web:9"), "The specified task definition does not exist."],
      ["web", "Revision is missing."],
      ["web:x", "Invalid revision number. Number: x"],
    ],
  );
  assert.deepEqual(result.effects, [{ type: "review-deleted-revisions", arns: [arn("web:1")], clusters: [] }]);
  assert.match(account.refusal("DeleteTaskDefinitions", {}), /^InvalidParameterException: .*can not be empty/);
  const eleven = Array.from({ length: 11 }, (_, i) => `web:${i}`);
  assert.match(account.refusal("DeleteTaskDefinitions", { taskDefinitions: eleven }), /at most 10 items/);
});

test("revisions being deleted are reviewed each minute until they are unused, then removed", () => {
  const account = new SmallAccount();
  register(account, "web");
  register(account, "web");
  deregister(account, "web:1");
  assert.equal(account.machine.nextDueAt(), null);
  account.call("DeleteTaskDefinitions", { taskDefinitions: ["web:1"] });
  const due = account.now + limits.deletedRevisionsReviewMs;
  assert.equal(account.machine.nextDueAt(), due);
  account.now = due - 1;
  assert.deepEqual(account.step({ type: "timer" }).effects, []);
  account.now = due;
  const review = [{ type: "review-deleted-revisions", arns: [arn("web:1")], clusters: [] }];
  assert.deepEqual(account.step({ type: "timer" }).effects, review);
  assert.equal(account.machine.nextDueAt(), due + limits.deletedRevisionsReviewMs);
  account.restart();
  assert.ok((account.machine.nextDueAt() ?? Number.POSITIVE_INFINITY) <= account.now, "due at once after a restart");
  assert.deepEqual(account.step({ type: "timer" }).effects, review);
  assert.deepEqual(names(account, { status: "DELETE_IN_PROGRESS" }), ["web:1"]);
  // A revision that isn't being deleted stays, whatever is reported about it.
  account.ask({ type: "revisions-unused", arns: [arn("web:1"), arn("web:2"), arn("none:1")] });
  assert.equal(account.machine.nextDueAt(), null);
  assert.match(account.refusal("DescribeTaskDefinition", { taskDefinition: "web:1" }), /Unable to describe/);
  assert.deepEqual(names(account), ["web:2"]);
});

test("ListTaskDefinitions sorts by family and number, whole families, one status", () => {
  const account = new SmallAccount();
  for (let i = 0; i < 11; i++) register(account, "web");
  for (const family of ["web-a", "Web", "api", "we"]) register(account, family);
  deregister(account, "web:5");
  const web = [1, 2, 3, 4, 6, 7, 8, 9, 10, 11].map((revision) => `web:${revision}`);
  const all = ["Web:1", "api:1", "we:1", ...web, "web-a:1"];
  assert.deepEqual(names(account), all);
  assert.deepEqual(names(account, { sort: "DESC" }), all.toReversed());
  assert.deepEqual(names(account, { familyPrefix: "web" }), web);
  assert.deepEqual(names(account, { familyPrefix: "web", sort: "DESC" }), web.toReversed());
  assert.deepEqual(names(account, { familyPrefix: "w" }), []);
  assert.deepEqual(names(account, { familyPrefix: "" }), all);
  assert.deepEqual(names(account, { status: "INACTIVE" }), ["web:5"]);
  assert.deepEqual(names(account, { status: "DELETE_IN_PROGRESS" }), []);
  for (const sort of ["ASC", "DESC"]) {
    const seen: string[] = [];
    let nextToken: string | null | undefined;
    do {
      const listed: Listed = account.call("ListTaskDefinitions", { sort, maxResults: 3, nextToken });
      seen.push(...listed.taskDefinitionArns);
      nextToken = listed.nextToken;
    } while (nextToken !== null);
    assert.deepEqual(seen, (sort === "ASC" ? all : all.toReversed()).map(arn));
  }
  assert.match(account.refusal("ListTaskDefinitions", { status: "ALL" }), /^InvalidParameterException/);
  assert.match(account.refusal("ListTaskDefinitions", { sort: "UP" }), /^InvalidParameterException/);
  assert.match(account.refusal("ListTaskDefinitions", { maxResults: 0 }), /^InvalidParameterException/);
});

test("ListTaskDefinitionFamilies filters by prefix and status", () => {
  const account = new SmallAccount();
  for (const family of ["web", "web-a", "api", "api"]) register(account, family);
  deregister(account, "web:1");
  deregister(account, "api:1");
  const families = (request: object = {}) => account.call("ListTaskDefinitionFamilies", request);
  assert.deepEqual(families(), { families: ["api", "web", "web-a"], nextToken: null });
  assert.deepEqual(families({ familyPrefix: "web" }), { families: ["web", "web-a"], nextToken: null });
  assert.deepEqual(families({ status: "ACTIVE" }), { families: ["api", "web-a"], nextToken: null });
  assert.deepEqual(families({ status: "INACTIVE" }), { families: ["web"], nextToken: null });
  assert.deepEqual(families({ status: "ALL", maxResults: 3 }), { families: ["api", "web", "web-a"], nextToken: null });
  assert.match(account.refusal("ListTaskDefinitionFamilies", { status: "NONE" }), /^InvalidParameterException/);
  account.call("DeleteTaskDefinitions", { taskDefinitions: ["web:1"] });
  account.ask({ type: "revisions-unused", arns: [arn("web:1")] });
  assert.deepEqual(families(), { families: ["api", "web-a"], nextToken: null });
});

test("a family ends with its millionth revision", () => {
  const account = new SmallAccount();
  account.machine.load("task-definition-family", "web", { family: "web", lastRevision: 999_999 });
  assert.equal(register(account, "web").revision, 1_000_000);
  const told = account.refusal("RegisterTaskDefinition", { family: "web", containerDefinitions });
  assert.match(told, /^LimitExceededException: /);
});

test("a family's numbers have no gaps and are never reused, whatever else is done", () => {
  const family = fc.constantFrom("a", "b");
  const revision = fc.integer({ min: 1, max: 6 });
  const action = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant("register" as const), family }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("deregister" as const), family, revision }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("delete" as const), family, revision }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("forget" as const), family, revision }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("refuse" as const), family }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const), family }) },
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      const account = new SmallAccount();
      const last = new Map<string, number>();
      const active = new Map<string, Set<number>>([
        ["a", new Set()],
        ["b", new Set()],
      ]);
      for (const next of actions) {
        const name = "revision" in next ? `${next.family}:${next.revision}` : next.family;
        if (next.do === "register") {
          const expected = (last.get(next.family) ?? 0) + 1;
          assert.equal(register(account, next.family).revision, expected);
          last.set(next.family, expected);
          active.get(next.family)?.add(expected);
        } else if (next.do === "deregister") {
          account.refusal("DeregisterTaskDefinition", { taskDefinition: name });
          active.get(next.family)?.delete(next.revision);
        } else if (next.do === "delete") account.call("DeleteTaskDefinitions", { taskDefinitions: [name] });
        else if (next.do === "forget") account.ask({ type: "revisions-unused", arns: [arn(name)] });
        else if (next.do === "refuse") account.refusal("RegisterTaskDefinition", { family: next.family });
        else account.restart();
        const latest = Math.max(...(active.get(next.family) ?? []));
        const reference = { type: "resolve-task-definition", reference: next.family, purpose: "task" } as const;
        if (latest > 0) assert.equal(account.ask<TaskDefinition>(reference).revision, latest);
        else assert.throws(() => account.ask(reference), { message: "TaskDefinition not found." });
        const expected = [...active].flatMap(([of, numbers]) => [...numbers].map((number) => `${of}:${number}`));
        assert.deepEqual(names(account), expected);
      }
    }),
    { numRuns: 200 },
  );
});
