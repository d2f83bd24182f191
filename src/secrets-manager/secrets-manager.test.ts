import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { noPorts } from "../service-machine/small-service.ts";
import { SmallServiceWorld, sealingPorts } from "../service-machine/small-service-world.ts";
import { secretsManager } from "./secrets-manager.ts";

const dayMs = 86_400_000;
const token = (digit: number): string => String(digit).repeat(32);
const absent = "ResourceNotFoundException: Secrets Manager can't find the specified secret.";
const marked =
  "InvalidRequestException: You can't perform this operation on the secret because it was marked for deletion.";

let world: SmallServiceWorld;
beforeEach(() => {
  world = new SmallServiceWorld(secretsManager);
});

const create = (Name: string, more: object = {}) =>
  world.call("CreateSecret", { Name, SecretString: "first", ...more });
const get = (SecretId: string, more: object = {}) => world.call("GetSecretValue", { SecretId, ...more });
const put = (SecretId: string, SecretString: string, more: object = {}) =>
  world.call("PutSecretValue", { SecretId, SecretString, ...more });

describe("a secret", () => {
  test("is read by its name, its ARN, and its ARN without the last characters, also after a restart", () => {
    const { ARN, VersionId } = create("prod/db", { ClientRequestToken: token(1) });
    assert.match(ARN, /^arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod\/db-[A-Za-z0-9]{6}$/);
    assert.equal(VersionId, token(1));
    world.restart();
    for (const id of ["prod/db", ARN, ARN.slice(0, -7)]) {
      assert.deepEqual(get(id), {
        ARN,
        Name: "prod/db",
        VersionId,
        SecretString: "first",
        VersionStages: ["AWSCURRENT"],
        CreatedDate: world.now,
      });
    }
    for (const id of ["prod", `${ARN}x`, ARN.replace("eu-west-1", "eu-west-2"), `${ARN.slice(0, -1)}-`]) {
      assert.equal(get(id), absent, id);
    }
  });

  test("is read, but not changed, by an ARN that AWS gave a secret of its name", () => {
    create("prod/db");
    const elsewhere = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbCdEf";
    assert.equal(get(elsewhere).Name, "prod/db");
    for (const operation of ["PutSecretValue", "UpdateSecret"]) {
      assert.equal(world.call(operation, { SecretId: elsewhere, SecretString: "other" }), absent, operation);
    }
    for (const id of [elsewhere.replace("123456789012", "000000000000"), `${elsewhere}x`])
      assert.equal(get(id), absent);
    world.call("DeleteSecret", { SecretId: "prod/db" });
    assert.match(get(elsewhere), /^InvalidRequestException: /);
  });

  test("is stored sealed, in a form that no other secret could use", () => {
    create("a", { SecretString: "hunter2-planted" });
    assert.doesNotMatch(world.storedText, /hunter2-planted/);
    assert.match(world.storedText, /detnalp-2retnuh/);
    world.ports = { ...sealingPorts, values: { seal: () => "", unseal: () => null } };
    world.restart();
    assert.match(get("a"), /^DecryptionFailure: Secrets Manager can't decrypt .*seal\.key/);
    world.ports = noPorts;
    world.restart();
    assert.match(create("b"), /^EncryptionFailure: /);
    assert.equal(get("b"), absent);
  });

  test("has bytes or text, and not more than 64 KiB of either", () => {
    create("bytes", { SecretString: undefined, SecretBinary: "AAEC" });
    assert.equal(get("bytes").SecretBinary, "AAEC");
    assert.match(create("both", { SecretBinary: "AAEC" }), /^InvalidParameterException: You can't specify both/);
    const large = "ü".repeat(32_768);
    create("large", { SecretString: large });
    assert.equal(get("large").SecretString, large);
    const beyond = create("beyond", { SecretString: `${large}x` });
    assert.match(beyond, /^ValidationException: 1 validation error detected: Value at 'secretString' failed .* 65536$/);
    assert.doesNotMatch(create("beyond", { SecretString: "x".repeat(65_537) }), /xxx/);
    assert.match(create("beyond", { SecretString: undefined, SecretBinary: btoa("x".repeat(65_537)) }), /65536$/);
  });

  test("has a name that AWS allows, once", () => {
    assert.match(create("a b"), /^ValidationException: Invalid name\. Must be a valid name/);
    assert.match(create("x".repeat(513)), /^ValidationException: .*less than or equal to 512$/);
    create("one");
    const again = create("one", { SecretString: "other" });
    assert.equal(again, "ResourceExistsException: The operation failed because the secret one already exists.");
  });

  test("may have no value", () => {
    assert.deepEqual(Object.keys(create("empty", { SecretString: undefined })), ["ARN", "Name"]);
    assert.equal(
      get("empty"),
      "ResourceNotFoundException: Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
    );
    put("empty", "now");
    assert.equal(get("empty").SecretString, "now");
  });

  test("says when it was last read, by the day, and is not written more often than that", () => {
    create("read");
    get("read");
    const before = world.storedText;
    world.now += 1_000;
    get("read");
    assert.equal(world.storedText, before);
    world.now += dayMs;
    get("read");
    const { LastAccessedDate } = world.call("DescribeSecret", { SecretId: "read" });
    assert.equal(LastAccessedDate, Math.floor(world.now / dayMs) * dayMs);
  });
});

describe("versions", () => {
  test("the current one becomes the previous one, and others lose their stages", () => {
    create("s", { ClientRequestToken: token(1) });
    put("s", "second", { ClientRequestToken: token(2) });
    put("s", "third", { ClientRequestToken: token(3) });
    assert.equal(get("s").SecretString, "third");
    assert.equal(get("s", { VersionStage: "AWSPREVIOUS" }).SecretString, "second");
    assert.equal(get("s", { VersionId: token(1) }).SecretString, "first");
    assert.deepEqual(world.call("DescribeSecret", { SecretId: "s" }).VersionIdsToStages, {
      [token(2)]: ["AWSPREVIOUS"],
      [token(3)]: ["AWSCURRENT"],
    });
    const ids = (more: object) =>
      world
        .call("ListSecretVersionIds", { SecretId: "s", ...more })
        .Versions.map(({ VersionId }: { VersionId: string }) => VersionId);
    assert.deepEqual(ids({}), [token(2), token(3)]);
    assert.deepEqual(ids({ IncludeDeprecated: true }), [token(1), token(2), token(3)]);
  });

  test("a stage of one's own and AWSPENDING stay where they are put", () => {
    create("s", { ClientRequestToken: token(1) });
    put("s", "next", { ClientRequestToken: token(2), VersionStages: ["AWSPENDING", "mine"] });
    assert.equal(get("s").SecretString, "first");
    assert.equal(get("s", { VersionStage: "AWSPENDING" }).SecretString, "next");
    const move = (more: object) =>
      world.call("UpdateSecretVersionStage", { SecretId: "s", VersionStage: "AWSCURRENT", ...more });
    assert.match(
      move({ MoveToVersionId: token(2) }),
      /Staging label AWSCURRENT is currently attached to version 1{32}, so you must/,
    );
    assert.match(move({ RemoveFromVersionId: token(1) }), /^InvalidParameterException: You can't remove/);
    assert.match(move({ MoveToVersionId: token(3), RemoveFromVersionId: token(1) }), /for VersionId: 3{32}$/);
    move({ MoveToVersionId: token(2), RemoveFromVersionId: token(1) });
    assert.equal(get("s").SecretString, "next");
    assert.equal(get("s", { VersionStage: "AWSPREVIOUS" }).SecretString, "first");
    world.call("UpdateSecretVersionStage", { SecretId: "s", VersionStage: "mine", RemoveFromVersionId: token(2) });
    assert.match(get("s", { VersionStage: "mine" }), /for staging label: mine$/);
    assert.match(
      get("s", { VersionId: token(1), VersionStage: "AWSCURRENT" }),
      /^InvalidRequestException: You provided a VersionStage that is not associated/,
    );
  });

  test("a repeated request does nothing, and another one with its token is refused", () => {
    create("s", { ClientRequestToken: token(1) });
    assert.equal(create("s", { ClientRequestToken: token(1) }).VersionId, token(1));
    assert.match(
      create("s", { ClientRequestToken: token(1), SecretString: "x" }),
      /^ResourceExistsException: You can't/,
    );
    put("s", "second", { ClientRequestToken: token(2) });
    put("s", "third", { ClientRequestToken: token(3) });
    put("s", "second", { ClientRequestToken: token(2) });
    assert.equal(get("s").SecretString, "third");
    assert.match(
      put("s", "other", { ClientRequestToken: token(2) }),
      /^ResourceExistsException: You can't use ClientRequestToken 2{32} because/,
    );
    assert.match(put("s", "x", { ClientRequestToken: "short" }), /^ValidationException: .*equal to 32$/);
  });

  test("beyond a hundred the oldest without a stage goes once it is a day old", () => {
    create("s", { ClientRequestToken: token(1) });
    world.now += 1;
    for (let i = 0; i < 99; i++) put("s", `value ${i}`);
    assert.match(put("s", "too many"), /^LimitExceededException/);
    assert.equal(get("s").SecretString, "value 98");
    world.now += dayMs;
    put("s", "tomorrow");
    assert.match(get("s", { VersionId: token(1) }), /^ResourceNotFoundException/);
    const { Versions } = world.call("ListSecretVersionIds", { SecretId: "s", IncludeDeprecated: true });
    assert.equal(Versions.length, 100);
  });
});

describe("deletion", () => {
  test("comes after the recovery window, in which the secret can only be described and restored", () => {
    const { ARN } = create("s");
    const { DeletionDate } = world.call("DeleteSecret", { SecretId: "s", RecoveryWindowInDays: 7 });
    assert.equal(DeletionDate, world.now + 7 * dayMs);
    assert.equal(get("s"), marked);
    assert.equal(put("s", "x"), marked);
    assert.match(create("s"), /already scheduled for deletion\.$/);
    assert.equal(world.call("DescribeSecret", { SecretId: ARN }).DeletedDate, DeletionDate);
    assert.deepEqual(world.call("ListSecrets", {}).SecretList, []);
    assert.equal(world.call("ListSecrets", { IncludePlannedDeletion: true }).SecretList.length, 1);
    world.call("RestoreSecret", { SecretId: "s" });
    world.now = DeletionDate;
    world.timer();
    assert.equal(get("s").SecretString, "first");
    world.call("DeleteSecret", { SecretId: "s" });
    world.restart();
    world.now += 30 * dayMs;
    world.timer();
    assert.equal(get("s"), absent);
    assert.equal(world.storedText, "[]");
  });

  test("at once leaves nothing, and the next secret of the name has another ARN", () => {
    const { ARN } = create("s");
    world.call("DeleteSecret", { SecretId: "s", ForceDeleteWithoutRecovery: true });
    assert.equal(world.storedText, "[]");
    assert.equal(world.call("DeleteSecret", { SecretId: "s", ForceDeleteWithoutRecovery: true }).Name, "s");
    assert.equal(world.call("DeleteSecret", { SecretId: "s" }), absent);
    assert.notEqual(create("s").ARN, ARN);
    assert.equal(world.call("DescribeSecret", { SecretId: ARN }), absent);
    assert.equal(world.call("DeleteSecret", { SecretId: ARN }), absent);
  });

  test("refuses impossible windows", () => {
    create("s");
    for (const days of [6, 31, 7.5]) {
      assert.match(world.call("DeleteSecret", { SecretId: "s", RecoveryWindowInDays: days }), /between 7 and 30 days/);
    }
    const both = { SecretId: "s", RecoveryWindowInDays: 7, ForceDeleteWithoutRecovery: true };
    assert.match(world.call("DeleteSecret", both), /^InvalidParameterException: You can't use ForceDelete/);
  });
});

describe("lists", () => {
  const names = (request: object): string[] =>
    world.call("ListSecrets", request).SecretList.map(({ Name }: { Name: string }) => Name);
  beforeEach(() => {
    for (const [name, description, team] of [
      ["prod/db", "The Database", "blue"],
      ["prod/api", "A key", "green"],
      ["test/db", "", "blue"],
    ] as const) {
      create(name, { Description: description, Tags: [{ Key: "team", Value: team }] });
      world.now += 1_000;
    }
  });

  test("are filtered by name, description, tags and everything", () => {
    const filtered = (Key: string, ...Values: string[]) => names({ Filters: [{ Key, Values }], SortBy: "name" }).sort();
    assert.deepEqual(filtered("name", "prod/"), ["prod/api", "prod/db"]);
    assert.deepEqual(filtered("name", "prod/", "!prod/db"), ["prod/api"]);
    assert.deepEqual(filtered("name", "Prod/"), []);
    assert.deepEqual(filtered("description", "data"), ["prod/db"]);
    assert.deepEqual(filtered("tag-key", "te"), ["prod/api", "prod/db", "test/db"]);
    assert.deepEqual(filtered("tag-value", "blue"), ["prod/db", "test/db"]);
    assert.deepEqual(filtered("all", "DB"), ["prod/db", "test/db"]);
    assert.deepEqual(filtered("owning-service", "x"), []);
    assert.match(
      world.call("ListSecrets", { Filters: [{ Key: "size", Values: ["1"] }] }),
      /^ValidationException: .*enum value set/,
    );
  });

  test("come in the order that was asked for, in pages", () => {
    assert.deepEqual(names({}), ["test/db", "prod/api", "prod/db"]);
    assert.deepEqual(names({ SortOrder: "asc", SortBy: "name" }), ["prod/api", "prod/db", "test/db"]);
    const first = world.call("ListSecrets", { MaxResults: 2 });
    const rest = world.call("ListSecrets", { MaxResults: 2, NextToken: first.NextToken });
    assert.deepEqual([first.SecretList.length, rest.SecretList.length, rest.NextToken], [2, 1, undefined]);
    assert.equal(
      world.call("ListSecrets", { NextToken: "x" }),
      "InvalidNextTokenException: The NextToken value is invalid.",
    );
    assert.match(world.call("ListSecrets", { MaxResults: 101 }), /^ValidationException/);
  });

  test("of values give each its own error", () => {
    const reply = world.call("BatchGetSecretValue", { SecretIdList: ["prod/db", "nothing"] });
    assert.deepEqual(
      reply.SecretValues.map(({ SecretString }: { SecretString: string }) => SecretString),
      ["first"],
    );
    assert.deepEqual(
      reply.Errors.map(({ SecretId, ErrorCode }: { SecretId: string; ErrorCode: string }) => [SecretId, ErrorCode]),
      [["nothing", "ResourceNotFoundException"]],
    );
    const filtered = world.call("BatchGetSecretValue", {
      Filters: [{ Key: "name", Values: ["prod/"] }],
      MaxResults: 1,
    });
    assert.equal(filtered.SecretValues[0].Name, "prod/api");
    assert.notEqual(filtered.NextToken, undefined);
    assert.match(world.call("BatchGetSecretValue", {}), /^InvalidRequestException/);
  });
});

test("tags are added, changed and removed, up to fifty", () => {
  create("s", { Tags: [{ Key: "a", Value: "1" }] });
  world.call("TagResource", { SecretId: "s", Tags: [{ Key: "a", Value: "2" }, { Key: "b" }] });
  const tags = () => world.call("DescribeSecret", { SecretId: "s" }).Tags;
  assert.deepEqual(tags(), [
    { Key: "a", Value: "2" },
    { Key: "b", Value: "" },
  ]);
  world.call("UntagResource", { SecretId: "s", TagKeys: ["a", "b", "c"] });
  assert.equal(tags(), undefined);
  const many = Array.from({ length: 51 }, (_, i) => ({ Key: `k${i}`, Value: "" }));
  assert.match(world.call("TagResource", { SecretId: "s", Tags: many }), /^InvalidParameterException/);
  assert.match(world.call("TagResource", { SecretId: "s", Tags: [{ Key: "aws:x" }] }), /^InvalidParameterException/);
});

test("UpdateSecret changes the description, and the value as a new version", () => {
  create("s", { Description: "old", KmsKeyId: "alias/mine" });
  world.now += 5;
  const { VersionId } = world.call("UpdateSecret", { SecretId: "s", Description: "new", SecretString: "second" });
  assert.equal(get("s").VersionId, VersionId);
  const { Description, KmsKeyId, LastChangedDate, CreatedDate } = world.call("DescribeSecret", { SecretId: "s" });
  assert.deepEqual([Description, KmsKeyId, LastChangedDate - CreatedDate], ["new", "alias/mine", 5]);
  assert.equal(world.call("UpdateSecret", { SecretId: "s", Description: "" }).VersionId, undefined);
});

test("a random password has each type of character that is left, and only those", () => {
  let next = 0;
  const randomBytes = (): Uint8Array => {
    next = (next * 5 + 113) % 256;
    return Uint8Array.of(next);
  };
  world.ports = { ...sealingPorts, randomBytes };
  world.restart();
  const password = (request: object) => world.call("GetRandomPassword", request).RandomPassword;
  assert.match(password({}), /^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)(?=.*[!-/:-@[-`{-~])[!-~]{32}$/);
  assert.match(password({ PasswordLength: 3, ExcludePunctuation: true }), /^(?=.*[a-z])(?=.*[A-Z])(?=.*\d).{3}$/);
  const digits = { ExcludeLowercase: true, ExcludeUppercase: true, ExcludePunctuation: true };
  assert.match(password({ ...digits, PasswordLength: 50, ExcludeCharacters: "0123" }), /^[4-9]{50}$/);
  assert.match(
    world.call("GetRandomPassword", { ...digits, ExcludeNumbers: true }),
    /^InvalidParameterException: Your exclusions leave no/,
  );
  assert.match(world.call("GetRandomPassword", { PasswordLength: 3 }), /^InvalidParameterException/);
});
