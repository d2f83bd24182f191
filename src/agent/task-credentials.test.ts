import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate } from "node:timers/promises";
import { TaskCredentials } from "./task-credentials.ts";

const credentials = (credentialsId: string, accessKeyId: string) => ({ credentialsId, accessKeyId });

describe("credentials of tasks", () => {
  it("are found by their id, separately for each role of each task", () => {
    const all = new TaskCredentials();
    all.keep("t1", "TaskApplication", credentials("a", "AKID1"));
    all.keep("t1", "TaskExecution", credentials("e", "AKID2"));
    all.keep("t2", "TaskApplication", credentials("b", "AKID3"));
    assert.deepEqual(all.find("e"), {
      taskArn: "t1",
      roleType: "TaskExecution",
      credentials: credentials("e", "AKID2"),
    });
    assert.equal(all.ofTask("t2", "TaskApplication")?.accessKeyId, "AKID3");
    assert.equal(all.ofTask("t2", "TaskExecution"), null);
    assert.equal(all.find("x"), null);
  });

  it("are replaced by newer ones, also under the older id", () => {
    const all = new TaskCredentials();
    all.keep("t1", "TaskApplication", credentials("a", "AKID1"));
    all.keep("t1", "TaskApplication", credentials("a", "AKID2"));
    assert.equal(all.find("a")?.credentials.accessKeyId, "AKID2");
    all.keep("t1", "TaskApplication", credentials("a2", "AKID3"));
    assert.deepEqual(
      [all.find("a")?.credentials.accessKeyId, all.find("a2")?.credentials.accessKeyId],
      ["AKID3", "AKID3"],
    );
  });

  it("are deleted with their task", () => {
    const all = new TaskCredentials();
    all.keep("t1", "TaskApplication", credentials("a", "AKID1"));
    all.keep("t2", "TaskApplication", credentials("b", "AKID2"));
    all.forget("t1");
    assert.deepEqual([all.find("a"), all.ofTask("t1", "TaskApplication")], [null, null]);
    assert.equal(all.find("b")?.taskArn, "t2");
  });

  it("can be waited for, until they come or their task is over", async () => {
    const all = new TaskCredentials();
    const seen: string[] = [];
    const wait = (taskArn: string) => all.arrival(taskArn, "TaskExecution").then(() => seen.push(taskArn));
    const waiting = [wait("t1"), wait("t1"), wait("t2")];
    all.keep("t1", "TaskApplication", credentials("a", "AKID1"));
    await setImmediate();
    assert.deepEqual(seen, [], "another role of the task");
    all.keep("t1", "TaskExecution", credentials("e", "AKID2"));
    await Promise.all(waiting.slice(0, 2));
    assert.deepEqual(seen, ["t1", "t1"]);
    all.forget("t2");
    await Promise.all(waiting);
    await wait("t1");
    assert.deepEqual(seen, ["t1", "t1", "t2", "t1"]);
  });
});
