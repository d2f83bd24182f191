import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ApiError } from "../../agent/remote/api-error.ts";
import { takenOverReason } from "../../agent-protocol/connection.ts";
import { type AgentNews, lacksOf, newsLine, tellOfSocket, watchedApi } from "./agent-news.ts";

const task = "arn:aws:ecs:us-east-1:123456789012:task/default/0123abcd";

/** The news when `operation` is answered with `answer`. */
async function told(operation: string, request: object, answer: object | Error): Promise<readonly AgentNews[]> {
  const news: AgentNews[] = [];
  const call = () => (answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer));
  const watching = {
    cluster: "web",
    problemIn: (error: unknown) => `problem: ${error instanceof Error ? error.message : ""}`,
    tell: (each: AgentNews) => void news.push(each),
  };
  const outcome = await watchedApi({ call }, watching)
    .call(operation, request)
    .catch((error: unknown) => error);
  assert.equal(outcome, answer);
  return news;
}

describe("the news of an agent's calls", () => {
  it("is its registration", async () => {
    const reply = { containerInstance: { containerInstanceArn: "arn" } };
    const news = await told("RegisterContainerInstance", {}, reply);
    assert.deepEqual(news, [{ event: "registered", containerInstanceArn: "arn", cluster: "web" }]);
    assert.deepEqual(news.map(newsLine), ["Registered in cluster web as arn."]);
  });

  it("names a failed call that it repeats, but not a final refusal, nor a repeated report", async () => {
    const away = new ApiError("ECONNREFUSED", "no answer.", null);
    for (const operation of ["RegisterContainerInstance", "DiscoverPollEndpoint"]) {
      const news = await told(operation, {}, away);
      assert.deepEqual(news, [{ event: "waiting", operation, problem: "problem: no answer." }]);
      assert.deepEqual(news.map(newsLine), ["problem: no answer. Trying again."]);
    }
    assert.equal((await told("RegisterContainerInstance", {}, new ApiError("ServerException", "", 500))).length, 1);
    assert.deepEqual(await told("RegisterContainerInstance", {}, new ApiError("ClientException", "No.", 400)), []);
    assert.deepEqual(await told("SubmitTaskStateChange", { task, status: "RUNNING" }, away), []);
  });

  it("is the outcome of tasks, once it was accepted", async () => {
    const containers = [
      {
        containerName: "web",
        status: "RUNNING",
        networkBindings: [
          { bindIP: "0.0.0.0", containerPort: 80, hostPort: 32_768, protocol: "tcp" },
          { containerPortRange: "90-91", hostPortRange: "32770-32771", protocol: "udp" },
        ],
      },
      { containerName: "side", status: "STOPPED", exitCode: 3, reason: "OutOfMemoryError: too much" },
    ];
    const news = await told("SubmitTaskStateChange", { task, status: "RUNNING", reason: "", containers }, {});
    const side = "side: exit code 3, OutOfMemoryError: too much";
    assert.deepEqual(news.map(newsLine), [
      `Task 0123abcd RUNNING (web: 32768->80/tcp, 32770-32771->90-91/udp; ${side}).`,
    ]);
    const ended = await told("SubmitTaskStateChange", { task, status: "STOPPED", reason: "Why." }, {});
    assert.deepEqual(ended, [{ event: "task", taskArn: task, status: "STOPPED", reason: "Why.", containers: [] }]);
    assert.deepEqual(await told("SubmitTaskStateChange", { task, status: "PENDING", reason: "" }, {}), []);
    assert.deepEqual(await told("SubmitTaskStateChange", { task, attachments: [{}] }, {}), []);
  });
});

describe("the news of an agent's sockets", () => {
  const of = (channel: "acs" | "tcs", more: { type: "open" } | { type: "closed"; code: number; reason: string }) => {
    const news: AgentNews[] = [];
    tellOfSocket({ channel, containerInstanceArn: "arn", ...more }, (each) => void news.push(each));
    return news.map(newsLine);
  };

  it("is that of the command socket", () => {
    assert.deepEqual(of("acs", { type: "open" }), ["Connected: ready for tasks."]);
    const closed = { type: "closed", code: 1001, reason: "the server stops" } as const;
    assert.deepEqual(of("acs", closed), ["Disconnected (1001, the server stops). Containers keep running."]);
    assert.deepEqual(of("acs", { ...closed, reason: "" }), ["Disconnected (1001). Containers keep running."]);
    assert.match(of("acs", { ...closed, reason: takenOverReason }).join(), /another agent .* directory copied\?$/);
    assert.deepEqual([...of("tcs", { type: "open" }), ...of("tcs", closed)], []);
  });
});

describe("what tasks lack on a host", () => {
  const wellKnown = { address: "169.254.170.2" };

  it("is what they may not use, with the flags that allow it and the withheld attributes", () => {
    const withheld = [
      { what: "privileged containers", flag: "--allow-privileged", attribute: "a.privileged-container" },
      { what: "pidMode host", flag: "--allow-host-pid", attribute: null },
    ];
    assert.equal(
      newsLine({ event: "withholding", withheld }),
      "Tasks may not use privileged containers (--allow-privileged), pidMode host (--allow-host-pid). Withheld attributes: a.privileged-container.",
    );
    assert.equal(
      newsLine({ event: "withholding", withheld: withheld.slice(1) }),
      "Tasks may not use pidMode host (--allow-host-pid).",
    );
  });

  it("is a line, or nothing if nothing is missing", () => {
    assert.deepEqual(lacksOf({ canLimitTasks: true, endpoints: wellKnown }), []);
    const lacks = lacksOf({ canLimitTasks: false, endpoints: { address: "172.17.0.1" } });
    assert.equal(
      newsLine({ event: "lacking", isRoot: false, lacks }),
      "Without root: tasks have no limits as a whole, only their containers; the AWS SDKs in containers get no credentials.",
    );
    const none = lacksOf({ canLimitTasks: true, endpoints: null });
    assert.equal(
      newsLine({ event: "lacking", isRoot: true, lacks: none }),
      "On this machine: containers get no metadata and no credentials.",
    );
  });

  it("ends with the agent", () => {
    assert.equal(
      newsLine({ event: "ended", why: "stopped", problem: null }),
      "The agent has ended; containers keep running.",
    );
    assert.equal(newsLine({ event: "ended", why: "refused", problem: "no." }), "The agent has ended: no.");
  });
});
