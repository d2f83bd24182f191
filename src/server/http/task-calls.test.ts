/** Goal: the credentials of a task's role, which any process in its containers can read, open nothing but the task's own business. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ECS } from "@aws-sdk/client-ecs";
import { AccessKeys } from "../../auth/access-keys.ts";
import { authorize } from "../../auth/authorize.ts";
import { SealKey, sealKeyPath } from "../../auth/seal-key.ts";
import { SessionCredentialsIssuer } from "../../auth/session-credentials.ts";
import { TaskCredentialsIssuer, type TaskRole, taskCredentialsMs } from "../../auth/task-credentials.ts";
import { systemClock } from "../../lib/system-clock.ts";
import { SqliteStore } from "../../store/sqlite/sqlite-store.ts";
import { operationNamed } from "../../wire/services.ts";
import type { ServerLog } from "../log/log.ts";
import { type RunningServer, startServer } from "../server.ts";
import { looseAuthentication } from "./authenticate.ts";
import { taskCredentialsPurpose } from "./open-authentication.ts";
import { requestResources } from "./request-resources.ts";

const account = "000000000000";
const roleArn = `arn:aws:iam::${account}:role/app`;

type Secured = {
  readonly dataDir: string;
  readonly server: RunningServer;
  readonly admin: ECS;
  readonly logged: string[];
  /** A client with these credentials; those of an access key or of a task. */
  client(credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string }): ECS;
};

/** A server that checks signatures, with a simulated host. */
async function secured(context: TestContext): Promise<Secured> {
  const dataDir = mkdtempSync(join(tmpdir(), "berth-task-caller-"));
  context.after(() => rmSync(dataDir, { recursive: true, force: true }));
  const store = new SqliteStore({ dataDir });
  const keys = await AccessKeys.open(systemClock, store, sealKeyPath(dataDir));
  const { accessKeyId, secret } = await keys.createKey({ account, userName: "admin" });
  await store.close();
  const logged: string[] = [];
  const log: ServerLog = { write: (...line) => logged.push(JSON.stringify(line)), isDebug: true };
  const server = await startServer({
    host: "127.0.0.1",
    port: 0,
    dataDir,
    auth: { type: "sigv4" },
    latestAgentVersion: "1.97.0",
    simulation: { place: { account, region: "us-east-1" }, instances: 1, cpu: 1_024, memoryMiB: 2_048, adopt: false },
    log,
  });
  context.after(() => server.close());
  const client: Secured["client"] = (credentials) => {
    const ecs = new ECS({ endpoint: server.url, region: "us-east-1", credentials, maxAttempts: 1 });
    context.after(() => ecs.destroy());
    return ecs;
  };
  return { dataDir, server, admin: client({ accessKeyId, secretAccessKey: secret }), logged, client };
}

const mint = (dataDir: string, role: TaskRole, nowMs = Date.now()) =>
  new TaskCredentialsIssuer(SealKey.open(sealKeyPath(dataDir), false).derive(taskCredentialsPurpose)).mint(role, nowMs);

test("a task reads and protects itself, and is denied everything else", async (context) => {
  const { dataDir, admin, client, logged } = await secured(context);
  const containerDefinitions = [{ name: "main", image: "nginx", cpu: 64, memory: 64 }];
  await admin.registerTaskDefinition({ family: "web", taskRoleArn: roleArn, containerDefinitions });
  const { tasks = [], failures } = await admin.runTask({ taskDefinition: "web", count: 2 });
  assert.deepEqual(failures, []);
  const [own = "", other = ""] = tasks.map(({ taskArn }) => taskArn ?? "");
  const id = own.slice(-32);
  const credentials = mint(dataDir, { taskArn: own, roleArn, use: "TaskApplication" });
  const task = client(credentials);

  assert.equal((await task.describeTasks({ tasks: [own] })).tasks?.[0]?.taskArn, own);
  assert.equal((await task.describeTasks({ cluster: "default", tasks: [id] })).tasks?.[0]?.taskArn, own);
  const protection = { cluster: "default", tasks: [own] };
  await task.getTaskProtection(protection);
  await task.updateTaskProtection({ ...protection, protectionEnabled: false });
  assert.deepEqual((await task.listTagsForResource({ resourceArn: own })).tags, []);

  const principal = `arn:aws:sts::${account}:assumed-role/app/${id}`;
  const because = "because the role of a task may only describe and protect that task and list its tags";
  const denied = (operation: string, resource: string) => ({
    name: "AccessDeniedException",
    message: `User: ${principal} is not authorized to perform: ecs:${operation} on resource: ${resource} ${because}`,
  });
  const definitionArn = `arn:aws:ecs:us-east-1:${account}:task-definition/web`;
  const clusterArn = `arn:aws:ecs:us-east-1:${account}:cluster/default`;
  await assert.rejects(task.listTasks({}), denied("ListTasks", clusterArn));
  await assert.rejects(task.runTask({ taskDefinition: "web" }), denied("RunTask", definitionArn));
  await assert.rejects(task.stopTask({ task: own }), denied("StopTask", own));
  await assert.rejects(task.discoverPollEndpoint({}), denied("DiscoverPollEndpoint", clusterArn));
  await assert.rejects(task.describeTasks({ tasks: [own, other] }), denied("DescribeTasks", other));
  await assert.rejects(task.describeTasks({ tasks: [] }), denied("DescribeTasks", clusterArn));
  const otherArn = clusterArn.replace("default", "other");
  await assert.rejects(task.describeTasks({ cluster: "other", tasks: [id] }), denied("DescribeTasks", otherArn));
  await assert.rejects(
    task.updateTaskProtection({ cluster: "default", tasks: [other], protectionEnabled: true }),
    denied("UpdateTaskProtection", other),
  );
  await assert.rejects(
    task.listTagsForResource({ resourceArn: clusterArn }),
    denied("ListTagsForResource", clusterArn),
  );

  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const invalid = { name: "UnrecognizedClientException" };
  await assert.rejects(client({ accessKeyId, secretAccessKey }).getTaskProtection(protection), invalid);
  const tampered = { accessKeyId, secretAccessKey, sessionToken: `${sessionToken}x` };
  await assert.rejects(client(tampered).getTaskProtection(protection), invalid);
  const wrongSecret = { accessKeyId, secretAccessKey: `${secretAccessKey}x`, sessionToken };
  await assert.rejects(client(wrongSecret).getTaskProtection(protection), { name: "InvalidSignatureException" });
  const role: TaskRole = { taskArn: own, roleArn, use: "TaskApplication" };
  const old = client(mint(dataDir, role, Date.now() - taskCredentialsMs - 1));
  await assert.rejects(old.getTaskProtection(protection), {
    name: "ExpiredTokenException",
    message: "The security token included in the request is expired",
  });

  assert.ok(logged.length > 0);
  assert.ok(!logged.join("\n").includes(credentials.credentialsId));
  // Of the id the host in this process keeps a note, as its containers would have it in their environment.
  for (const secret of [secretAccessKey, sessionToken, accessKeyId]) {
    assert.ok(!logged.join("\n").includes(secret));
    for (const file of readdirSync(dataDir).map((name) => join(dataDir, name))) {
      assert.ok(!statSync(file).isFile() || !readFileSync(file).includes(secret), file);
    }
  }
});

const taskArn = `arn:aws:ecs:us-east-1:${account}:task/lab/0123456789abcdef0123456789abcdef`;

test("a task is its own in its region and cluster only, by id, by short and by long ARN", () => {
  const arn = "arn:aws:sts::000000000000:assumed-role/app/0";
  const clusterArn = `arn:aws:ecs:us-east-1:${account}:cluster/lab`;
  const id = taskArn.slice(-32);
  const short = `arn:aws:ecs:us-east-1:${account}:task/${id}`;
  const isOwn = (reference: string, cluster: string | undefined, region = "us-east-1"): boolean => {
    const { action, row } = operationNamed("DescribeTasks");
    const resources = requestResources(row.resources, { cluster, tasks: [reference] }, { account, region });
    return authorize({ type: "task", arn, taskArn, clusterArn }, action, resources).allowed;
  };
  for (const own of [id, short, taskArn]) {
    assert.ok(isOwn(own, "lab"));
    assert.ok(isOwn(own, clusterArn));
    assert.ok(!isOwn(own, "lab", "us-west-2"));
    assert.ok(!isOwn(own, undefined));
    assert.ok(!isOwn(own, "other"));
  }
  assert.ok(!isOwn(id.replace("0", "1"), "lab"));
  assert.ok(!isOwn(taskArn.replace("us-east-1", "us-west-2"), "lab"));
});

test("where no signature is looked at, a task's credentials stand for its account, and strange ones for the default one", async () => {
  const tasks = new TaskCredentialsIssuer(new Uint8Array(32));
  const own = taskArn.replace(account, "444455556666");
  const { accessKeyId, sessionToken } = tasks.mint({ taskArn: own, roleArn, use: "TaskApplication" }, 1_000);
  const authenticate = looseAuthentication(account, {
    tasks,
    sessions: new SessionCredentialsIssuer(new Uint8Array(32)),
  });
  const ask = async (token: string | undefined) => {
    const credential = `Credential=${accessKeyId}/20261121/us-east-1/ecs/aws4_request`;
    const authorization = `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=host, Signature=0`;
    const headers = { authorization, "x-amz-security-token": token };
    return (await authenticate({ signingName: "ecs", method: "POST", path: "/", query: "", headers, nowMs: 1_000 }))(
      "",
    );
  };
  assert.equal((await ask(sessionToken)).account, "444455556666");
  assert.match((await ask(sessionToken)).caller.principalArn, /^arn:aws:sts::444455556666:assumed-role\/app\//);
  for (const token of [undefined, "", `${sessionToken}x`, "strange"]) {
    const { account: at, caller: who } = await ask(token);
    assert.deepEqual([at, who.principalArn], [account, `arn:aws:iam::${account}:root`]);
  }
});
