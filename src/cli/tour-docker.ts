import type { ECS, Task } from "@aws-sdk/client-ecs";
import { must } from "../lib/assert.ts";
import { TourEngine, tourImage, whyNoImage } from "./tour-image.ts";
import type { TourServer } from "./tour-server.ts";
import { stackTaskInDocker } from "./tour-stack.ts";
import { expectEqual, expectThat, type Steps, until } from "./tour-steps.ts";

const cluster = "default";

/** A web server and the task of the stack in real containers, if Docker answers. Otherwise says why not. */
export async function realContainer(steps: Steps, server: TourServer): Promise<void> {
  const { ecs, listening } = server;
  steps.heading("Real containers");
  const { docker } = listening;
  const why = docker === null ? "no Docker Engine answers" : whyNoImage(docker.address);
  if (docker === null || why !== null) {
    steps.skip(`${why}, so these steps are skipped; all other containers of the tour are simulated`);
    return;
  }
  const engine = new TourEngine(docker.address);
  const containers: string[] = [];
  const onContainer = (id: string): void => void containers.push(id);
  try {
    await webServer(steps, ecs, { engine, instance: docker.instance }, onContainer);
    await stackTaskInDocker(steps, server, docker.instance, onContainer);
  } finally {
    for (const id of containers) await engine.removeContainer(id).catch(() => {});
    await engine.removeImage().catch(() => {});
  }
}

async function webServer(
  steps: Steps,
  ecs: ECS,
  { engine, instance }: { readonly engine: TourEngine; readonly instance: string },
  onContainer: (id: string) => void,
): Promise<void> {
  let task = "";
  let url = "";
  await steps.step("an image is built from busybox and a page", async () => {
    await engine.makeImage();
    await ecs.registerTaskDefinition({
      family: "tour-real",
      containerDefinitions: [
        {
          name: "web",
          image: tourImage.name,
          command: tourImage.command,
          cpu: 64,
          memory: 64,
          stopTimeout: 2,
          portMappings: [{ containerPort: 80, hostPort: 0 }],
        },
      ],
    });
    return tourImage.name;
  });
  await steps.step(
    "a task with it on the container instance with Docker reaches RUNNING, with a port of this machine",
    async () => {
      const startedAt = performance.now();
      const { tasks = [], failures } = await ecs.startTask({
        cluster,
        taskDefinition: "tour-real",
        containerInstances: [instance],
      });
      expectEqual("failures", failures, []);
      task = must(tasks[0]?.taskArn, "a task");
      const running = await untilStatus(ecs, task, "RUNNING");
      const [web] = running.containers ?? [];
      onContainer(must(web?.runtimeId, "the id of its container"));
      const port = web?.networkBindings?.[0]?.hostPort;
      expectThat("a host port", port !== undefined && port > 0, port);
      url = `http://127.0.0.1:${port}/`;
      return `${url}, ${Math.round(performance.now() - startedAt)} ms after StartTask`;
    },
  );
  await steps.step("the container answers over HTTP on that port", async () => {
    const text = await until(
      "an answer",
      () =>
        fetch(url)
          .then((response) => response.text())
          .catch(() => ""),
      (got) => got !== "",
    );
    expectEqual("page", text, tourImage.page);
    return text.trim();
  });
  await steps.step(
    "StopTask stops it: STOPPED with an exit code, and nobody listens on the port any more",
    async () => {
      await ecs.stopTask({ cluster, task, reason: "the tour goes on" });
      const stopped = await untilStatus(ecs, task, "STOPPED");
      expectEqual("stopCode", stopped.stopCode, "UserInitiated");
      const exitCode = stopped.containers?.[0]?.exitCode;
      expectThat("exit code", typeof exitCode === "number", exitCode);
      const answer = await fetch(url).then(
        () => "an answer",
        () => "none",
      );
      expectEqual("answer", answer, "none");
      return `exit code ${exitCode}`;
    },
  );
}

function untilStatus(ecs: ECS, task: string, status: string): Promise<Task> {
  return until(
    `the task ${status}`,
    async () => must((await ecs.describeTasks({ cluster, tasks: [task] })).tasks?.[0], "the task"),
    ({ lastStatus, stoppedReason, containers }) => {
      const reasons = [stoppedReason, ...(containers ?? []).map(({ reason }) => reason)];
      expectThat(`on the way to ${status}`, lastStatus !== "STOPPED" || status === "STOPPED", reasons);
      return lastStatus === status;
    },
  );
}
