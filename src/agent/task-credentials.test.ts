import assert from "node:assert/strict";
import { describe, it } from "node:test";
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
});
