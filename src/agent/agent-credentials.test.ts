import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { AgentDisk } from "./agent-disk.ts";
import { taskArn, World } from "./played-control-plane.ts";

const credentials = {
  credentialsId: "id-1",
  roleArn: "arn:aws:iam::123456789012:role/app",
  accessKeyId: "AKIDSECRET",
  secretAccessKey: "very-secret-key",
  sessionToken: "very-secret-token",
  expiration: "2026-11-21T12:00:00Z",
};
const execution = { ...credentials, credentialsId: "id-2", secretAccessKey: "another-secret-key" };

/** A disk that keeps everything the agent ever wrote. */
function recorded(disk: AgentDisk): { readonly disk: AgentDisk; readonly texts: string[] } {
  const texts: string[] = [];
  return {
    texts,
    disk: {
      load: () => disk.load(),
      save: (state, changed) => {
        texts.push(JSON.stringify(state));
        return disk.save(state, changed);
      },
    },
  };
}

const acknowledgements = (world: World) =>
  world.last("acs").sent.flatMap(({ type, message }) => (type === "IAMRoleCredentialsAckRequest" ? [message] : []));

const message = (more: object) => ({ taskArn, roleType: "TaskApplication", roleCredentials: credentials, ...more });

describe("agent: credentials", () => {
  it("come with a task, are acknowledged once for each role, and never reach the disk", async () => {
    const world = new World();
    const { disk, texts } = recorded(world.disk);
    const host = await world.start({ disk });
    await world.run("nginx", {}, { roleCredentials: credentials, executionRoleCredentials: execution });
    await world.clock.advance(1_000);
    assert.deepEqual(acknowledgements(world), [
      { messageId: "m", credentialsId: "id-1", expiration: credentials.expiration },
      { messageId: "m", credentialsId: "id-2", expiration: credentials.expiration },
    ]);
    const found = host.agent.credentials.find("id-1");
    assert.deepEqual([found?.taskArn, found?.credentials.secretAccessKey], [taskArn, "very-secret-key"]);
    const { surroundings } = [...host.agent.tasks()][0] ?? {};
    assert.deepEqual([surroundings?.credentialsId, surroundings?.executionCredentialsId], ["id-1", "id-2"]);
    assert.ok(texts.length > 0);
    for (const text of texts) assert.doesNotMatch(text, /AKIDSECRET|secret-key|secret-token/);
  });

  it("are replaced by a message, and deleted with the task", async () => {
    const world = new World();
    const host = await world.start();
    await world.run("nginx", {}, { roleCredentials: credentials });
    const fresh = { ...credentials, secretAccessKey: "fresh" };
    await world.tell("IAMRoleCredentialsMessage", message({ messageId: "i-1", roleCredentials: fresh }));
    assert.equal(acknowledgements(world).at(-1)?.messageId, "i-1");
    assert.equal(host.agent.credentials.ofTask(taskArn, "TaskApplication")?.secretAccessKey, "fresh");
    await world.clock.advance(1_000);
    await world.order({ desiredStatus: "STOPPED" });
    await world.clock.advance(1_000);
    assert.equal(host.agent.credentials.find("id-1"), null);
  });

  it("of a task that the agent does not have, or without an id, are not answered", async () => {
    const world = new World();
    const host = await world.start();
    await world.run("nginx");
    await world.tell("IAMRoleCredentialsMessage", message({ taskArn: `${taskArn}0` }));
    await world.tell("IAMRoleCredentialsMessage", message({ roleCredentials: { ...credentials, credentialsId: "" } }));
    await world.tell("IAMRoleCredentialsMessage", message({ roleType: "Other" }));
    assert.deepEqual(acknowledgements(world), []);
    assert.equal(host.agent.credentials.find("id-1"), null);
    await world.order({ arn: `${taskArn}1`, desiredStatus: "RUNNING", containers: [], roleCredentials: credentials });
    assert.equal(host.agent.credentials.find("id-1"), null, "of a task that was refused");
  });

  it("are requested by a new process, which has none", async () => {
    const world = new World();
    const first = await world.start();
    await world.run("nginx", {}, { roleCredentials: credentials });
    await world.clock.advance(1_000);
    await first.stop();
    const second = await world.start();
    assert.equal(world.of("acs").at(-1)?.hello.sendCredentials, true);
    assert.equal(second.agent.credentials.find("id-1"), null);
    await world.tell("IAMRoleCredentialsMessage", message({ messageId: "i-2" }));
    assert.equal(second.agent.credentials.find("id-1")?.credentials.accessKeyId, "AKIDSECRET");
    assert.equal(acknowledgements(world).at(-1)?.messageId, "i-2");
  });
});
