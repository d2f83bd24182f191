/** CloudWatch Logs as its clients use it: AWS's SDK, the AWS CLI, and the readers of Airflow and ecspresso, which follow tokens. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import {
  CloudWatchLogs,
  type CloudWatchLogsClient,
  paginateDescribeLogGroups,
  paginateFilterLogEvents,
} from "@aws-sdk/client-cloudwatch-logs";
import { must } from "../../src/lib/assert.ts";
import { type BerthProcess, berthMain, startBerth } from "../berth-process.ts";
import { findTool, runTool, skipReason } from "./foreign-tool.ts";

const region = "eu-west-1";
const account = "123456789012";
const arn = `arn:aws:logs:${region}:${account}:log-group:`;

let berth: BerthProcess;
let logs: CloudWatchLogs;
before(async () => {
  berth = await startBerth("dev", ["--in-memory", "--instances", "0"]);
  logs = clientOf(berth);
});
after(async () => {
  logs.destroy();
  await berth.end("SIGTERM");
});

function clientOf({ listening }: BerthProcess): CloudWatchLogs {
  const credentials = { accessKeyId: account, secretAccessKey: "any" };
  return new CloudWatchLogs({ endpoint: listening.url, region, credentials, maxAttempts: 1, disableHostPrefix: true });
}

/** Makes a group with a stream and puts messages into it, a millisecond apart. Gives the time of the first. */
async function written(logGroupName: string, messages: readonly string[], client = logs): Promise<number> {
  const logStreamName = "app/1";
  await client.createLogGroup({ logGroupName });
  await client.createLogStream({ logGroupName, logStreamName });
  const start = Date.now() - 60_000;
  const logEvents = messages.map((message, index) => ({ timestamp: start + index, message }));
  if (logEvents.length > 0) await client.putLogEvents({ logGroupName, logStreamName, logEvents });
  return start;
}

describe("the SDK", () => {
  test("groups: created, tagged, kept for some days, listed in pages, deleted", async () => {
    for (const name of ["one", "two", "three"]) {
      await logs.createLogGroup({ logGroupName: `groups/${name}`, tags: { team: name } });
    }
    await logs.putRetentionPolicy({ logGroupName: "groups/one", retentionInDays: 30 });
    await logs.tagResource({ resourceArn: `${arn}groups/one`, tags: { stage: "prod" } });
    const { tags } = await logs.listTagsForResource({ resourceArn: `${arn}groups/one` });
    assert.deepEqual(tags, { team: "one", stage: "prod" });
    const found: string[] = [];
    const pages = paginateDescribeLogGroups({ client: logs, pageSize: 2 }, { logGroupNamePrefix: "groups/" });
    for await (const { logGroups = [] } of pages) {
      found.push(...logGroups.map(({ logGroupName, retentionInDays }) => `${logGroupName} ${retentionInDays ?? "-"}`));
    }
    assert.deepEqual(found, ["groups/one 30", "groups/three -", "groups/two -"]);
    await assert.rejects(logs.createLogGroup({ logGroupName: "groups/one" }), {
      name: "ResourceAlreadyExistsException",
    });
    await assert.rejects(logs.createLogGroup({ logGroupName: "no good" }), { name: "InvalidParameterException" });
    await logs.deleteLogGroup({ logGroupName: "groups/one" });
    await assert.rejects(logs.deleteLogGroup({ logGroupName: "groups/one" }), {
      name: "ResourceNotFoundException",
      message: "The specified log group does not exist.",
    });
  });

  test("events: put, read from both ends by tokens until a token repeats", async () => {
    const messages = Array.from({ length: 25 }, (_, index) => `line ${index} größe`);
    const start = await written("events", messages);
    const stream = { logGroupName: "events", logStreamName: "app/1" };
    // As Airflow and ecspresso read: forward from the head until the token stays the same.
    const read: (string | undefined)[] = [];
    for (let nextToken: string | undefined; ; ) {
      const { events = [], nextForwardToken } = await logs.getLogEvents({
        ...stream,
        startFromHead: true,
        limit: 10,
        ...(nextToken && { nextToken }),
      });
      read.push(...events.map(({ message }) => message));
      if (nextForwardToken === nextToken) break;
      nextToken = nextForwardToken;
    }
    assert.deepEqual(read, messages);
    const last = await logs.getLogEvents({ ...stream, limit: 3 });
    assert.deepEqual(
      last.events?.map(({ message }) => message),
      messages.slice(-3),
    );
    const before = await logs.getLogEvents({ ...stream, limit: 3, nextToken: must(last.nextBackwardToken, "a token") });
    assert.deepEqual(
      before.events?.map(({ message }) => message),
      messages.slice(-6, -3),
    );
    const { logStreams = [] } = await logs.describeLogStreams({
      logGroupName: "events",
      orderBy: "LastEventTime",
      descending: true,
    });
    assert.deepEqual([logStreams[0]?.firstEventTimestamp, logStreams[0]?.lastEventTimestamp], [start, start + 24]);
    await assert.rejects(logs.getLogEvents({ ...stream, logStreamName: "no" }), {
      message: "The specified log stream does not exist.",
    });
    await assert.rejects(logs.getLogEvents({ ...stream, logGroupName: "no" }), {
      message: "The specified log group does not exist.",
    });
    await assert.rejects(
      logs.putLogEvents({ ...stream, logStreamName: "no", logEvents: [{ timestamp: start, message: "x" }] }),
      {
        name: "ResourceNotFoundException",
      },
    );
  });

  test("PutLogEvents names what it leaves out, refuses what AWS refuses, and takes a megabyte", async () => {
    await written("limits", []);
    const stream = { logGroupName: "limits", logStreamName: "app/1" };
    const now = Date.now();
    const { rejectedLogEventsInfo, nextSequenceToken } = await logs.putLogEvents({
      ...stream,
      sequenceToken: "anything",
      logEvents: [
        { timestamp: now, message: "kept" },
        { timestamp: now + 3 * 3_600_000, message: "too new" },
      ],
    });
    assert.deepEqual(rejectedLogEventsInfo, { tooNewLogEventStartIndex: 1 });
    assert.match(must(nextSequenceToken, "a token"), /^\d{56}$/);
    const unordered = [now, now - 1].map((timestamp) => ({ timestamp, message: "x" }));
    await assert.rejects(logs.putLogEvents({ ...stream, logEvents: unordered }), /must be in chronological order/);
    // Escapes make three megabytes of it on the wire.
    const large = "\u0001".repeat(500_000) + "x".repeat(548_550);
    await logs.putLogEvents({ ...stream, logEvents: [{ timestamp: now, message: large }] });
    await assert.rejects(
      logs.putLogEvents({ ...stream, logEvents: [{ timestamp: now, message: `${large}x` }] }),
      /Upload too large: 1048577 bytes/,
    );
    const { events = [] } = await logs.getLogEvents({
      ...stream,
      startFromHead: true,
      nextToken: must(
        (await logs.getLogEvents({ ...stream, startFromHead: true, limit: 1 })).nextForwardToken,
        "a token",
      ),
    });
    assert.equal(events[0]?.message, large);
  });

  test("FilterLogEvents searches all streams with patterns, in pages", async () => {
    await written("search", ['{"level":"error","ms":120}', '{"level":"info","ms":7}', "plain error text"]);
    await logs.createLogStream({ logGroupName: "search", logStreamName: "app/2" });
    await logs.putLogEvents({
      logGroupName: "search",
      logStreamName: "app/2",
      logEvents: [{ timestamp: Date.now(), message: "an error elsewhere" }],
    });
    const search = async (request: object): Promise<(string | undefined)[]> => {
      const found: (string | undefined)[] = [];
      const client: CloudWatchLogsClient = logs;
      for await (const { events = [] } of paginateFilterLogEvents(
        { client, pageSize: 1 },
        { logGroupName: "search", ...request },
      )) {
        found.push(...events.map(({ message }) => message));
      }
      return found;
    };
    assert.equal((await search({})).length, 4);
    assert.deepEqual(await search({ filterPattern: '{ $.level = "error" && $.ms > 100 }' }), [
      '{"level":"error","ms":120}',
    ]);
    assert.deepEqual(await search({ filterPattern: "error -level" }), ["plain error text", "an error elsewhere"]);
    assert.deepEqual(await search({ filterPattern: "error", logStreamNames: ["app/2"] }), ["an error elsewhere"]);
    await assert.rejects(search({ filterPattern: "a-b" }), {
      name: "InvalidParameterException",
      message: "Invalid character(s) in term 'a-b'",
    });
  });

  test("accounts and regions have groups of their own", async () => {
    await written("mine", ["secret"]);
    const credentials = { accessKeyId: "999999999999", secretAccessKey: "any" };
    const other = new CloudWatchLogs({ endpoint: berth.listening.url, region, credentials, maxAttempts: 1 });
    await assert.rejects(other.filterLogEvents({ logGroupName: "mine" }), { name: "ResourceNotFoundException" });
    await assert.rejects(other.filterLogEvents({ logGroupIdentifier: `${arn}mine` }), {
      name: "InvalidParameterException",
    });
    assert.deepEqual((await other.describeLogGroups({})).logGroups, []);
    other.destroy();
  });
});

test("bytes that are not text, and bodies that are not requests, harm nothing else", async () => {
  await written("bytes", []);
  const put = async (body: Uint8Array): Promise<[number, string]> => {
    const scope = `${new Date().toISOString().slice(0, 10).replaceAll("-", "")}/${region}/logs/aws4_request`;
    const response = await fetch(berth.listening.url, {
      method: "POST",
      headers: {
        authorization: `AWS4-HMAC-SHA256 Credential=${account}/${scope}, SignedHeaders=host, Signature=00`,
        "x-amz-date": new Date().toISOString().replace(/[-:]|\.\d+/g, ""),
        "x-amz-target": "Logs_20140328.PutLogEvents",
        "content-type": "application/x-amz-json-1.1",
      },
      body: Buffer.from(body),
    });
    return [response.status, await response.text()];
  };
  for (const body of [
    "{bad",
    "[]",
    '{"logGroupName":"bytes","logStreamName":"app/1","logEvents":[{"timestamp":1.5,"message":"x"}]}',
  ]) {
    const [status, text] = await put(Buffer.from(body));
    assert.deepEqual([status, /SerializationException/.test(text)], [400, true], body);
  }
  const head = `{"logGroupName":"bytes","logStreamName":"app/1","logEvents":[{"timestamp":${Date.now()},"message":"a`;
  // Bytes that are not UTF-8, and half of a pair of surrogates as an escape.
  const [status] = await put(Buffer.concat([Buffer.from(head), Buffer.from([0xff]), Buffer.from('z \\ud800"}]}')]));
  assert.equal(status, 200);
  const { events = [] } = await logs.getLogEvents({ logGroupName: "bytes", logStreamName: "app/1" });
  assert.deepEqual(
    events.map(({ message }) => message),
    ["a\ufffdz \ud800"],
  );
});

test("StartLiveTail streams new events to the SDK until the reader stops", async () => {
  await written("live", ["before"]);
  const { responseStream } = await logs.startLiveTail({
    logGroupIdentifiers: [`${arn}live`],
    logEventFilterPattern: "yes",
  });
  let session: string | undefined;
  const found: (string | undefined)[] = [];
  for await (const { sessionStart, sessionUpdate } of must(responseStream, "a stream")) {
    if (sessionStart !== undefined) {
      session = sessionStart.sessionId;
      assert.deepEqual(sessionStart.logGroupIdentifiers, [`${arn}live`]);
      const logEvents = ["no", "yes 1", "yes 2"].map((message) => ({ timestamp: Date.now(), message }));
      await logs.putLogEvents({ logGroupName: "live", logStreamName: "app/1", logEvents });
    }
    const results = sessionUpdate?.sessionResults ?? [];
    found.push(...results.map(({ message, logGroupIdentifier }) => `${logGroupIdentifier} ${message}`));
    if (found.length >= 2) break;
  }
  assert.match(must(session, "a session"), /^[0-9a-f-]{36}$/);
  assert.deepEqual(found, [`${account}:live yes 1`, `${account}:live yes 2`]);
  await assert.rejects(logs.startLiveTail({ logGroupIdentifiers: [`${arn}no`] }), {
    name: "ResourceNotFoundException",
  });
});

test("groups, streams and events survive a kill", async (t) => {
  const dataDir = mkdtempSync(join(tmpdir(), "berth-logs-"));
  t.after(() => rmSync(dataDir, { recursive: true, force: true }));
  const flags = ["--data-dir", dataDir, "--instances", "0"];
  const first = await startBerth("dev", flags);
  const client = clientOf(first);
  await written("kept", ["one", "two"], client);
  await client.putRetentionPolicy({ logGroupName: "kept", retentionInDays: 7 });
  client.destroy();
  await first.end("SIGKILL");
  const second = await startBerth("dev", flags);
  t.after(() => second.end("SIGKILL"));
  const again = clientOf(second);
  const { events = [] } = await again.getLogEvents({
    logGroupName: "kept",
    logStreamName: "app/1",
    startFromHead: true,
  });
  assert.deepEqual(
    events.map(({ message }) => message),
    ["one", "two"],
  );
  assert.equal((await again.describeLogGroups({})).logGroups?.[0]?.retentionInDays, 7);
  again.destroy();
});

test("with keys: a read-only key reads and cannot write, an agent's key writes and cannot read", async (t) => {
  const dataDir = mkdtempSync(join(tmpdir(), "berth-logs-"));
  t.after(() => rmSync(dataDir, { recursive: true, force: true }));
  const keyOf = (role: string): { accessKeyId: string; secretAccessKey: string } => {
    const argv = [berthMain, "keys", "create", "--data-dir", dataDir, "--account", account, "--role", role, "--json"];
    return JSON.parse(execFileSync(process.execPath, argv, { encoding: "utf8" }));
  };
  const keys = ["operator", "read-only", "agent"].map(keyOf);
  const server = await startBerth("serve", ["--data-dir", dataDir]);
  t.after(() => server.end("SIGKILL"));
  const [operator, reader, agent] = keys.map((credentials) => {
    const client = new CloudWatchLogs({ endpoint: server.listening.url, region, credentials, maxAttempts: 1 });
    t.after(() => client.destroy());
    return client;
  });
  await written("guarded", ["one"], must(operator, "a client"));
  const stream = { logGroupName: "guarded", logStreamName: "app/1" };
  const logEvents = [{ timestamp: Date.now(), message: "two" }];
  await assert.rejects(must(reader, "a client").putLogEvents({ ...stream, logEvents }), {
    name: "AccessDeniedException",
    message: new RegExp(`logs:PutLogEvents on resource: ${arn}guarded `),
  });
  await must(agent, "a client").putLogEvents({ ...stream, logEvents });
  await assert.rejects(must(agent, "a client").getLogEvents(stream), { name: "AccessDeniedException" });
  const { events = [] } = await must(reader, "a client").getLogEvents(stream);
  assert.deepEqual(
    events.map(({ message }) => message),
    ["one", "two"],
  );
});

const tool = findTool("The AWS CLI", ["/usr/bin/aws", "aws"], ["logs", "tail", "help"]);
const skip = skipReason(tool);

test("the AWS CLI: create, put, tail with a filter, and follow", { skip }, async () => {
  const { url } = berth.listening;
  const aws = async (...argv: readonly string[]): Promise<string> => {
    const { code, out, err } = await runTool(
      must(tool.command, tool.missing),
      ["--endpoint-url", url, "logs", ...argv],
      url,
    );
    assert.equal(code, 0, `aws logs ${argv.join(" ")}: ${err}`);
    return out;
  };
  const group = ["--log-group-name", "cli"];
  await aws("create-log-group", ...group);
  await aws("create-log-stream", ...group, "--log-stream-name", "app/1");
  const events = JSON.stringify(["first error", "second"].map((message) => ({ timestamp: Date.now(), message })));
  await aws("put-log-events", ...group, "--log-stream-name", "app/1", "--log-events", events);
  assert.match(await aws("tail", "cli", "--since", "5m"), /^\S+ app\/1 first error\n\S+ app\/1 second\n$/);
  assert.match(await aws("tail", "cli", "--filter-pattern", "error", "--format", "short"), /^\S+ first error\n$/);

  const argv = ["--endpoint-url", url, "logs", "tail", "cli", "--follow", "--since", "1s", "--format", "short"];
  const env = { ...process.env, AWS_ACCESS_KEY_ID: account, AWS_SECRET_ACCESS_KEY: "any", AWS_DEFAULT_REGION: region };
  const follower = spawn(must(tool.command, tool.missing), argv, { stdio: ["ignore", "pipe", "inherit"], env });
  const late = { timestamp: Date.now() + 60_000, message: "what comes" };
  await logs.putLogEvents({ logGroupName: "cli", logStreamName: "app/1", logEvents: [late] });
  let output = "";
  for await (const chunk of follower.stdout) {
    output += String(chunk);
    if (output.includes("what comes")) break;
  }
  assert.match(output, /^\S+ what comes\n$/m);
  follower.kill("SIGKILL");
  if (follower.exitCode === null && follower.signalCode === null) await once(follower, "exit");
});
