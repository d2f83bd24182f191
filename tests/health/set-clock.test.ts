/** Somebody sets the clock of a server's machine: services continue at their usual pace, and a warning says so. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type BerthProcess, startBerth } from "../berth-process.ts";
import { logged } from "../logged-events.ts";
import { untilFound } from "../until.ts";
import { healthAt, LiveService } from "./live-service.ts";

const hourMs = 3_600_000;
const folder = mkdtempSync(join(tmpdir(), "berth-clock-"));
const wallFile = join(folder, "wall");
const flags = ["--data-dir", join(folder, "data"), "--instances", "2", "--time-scale", "40"];
const preload = fileURLToPath(new URL("set-wall.ts", import.meta.url));
const env = { ...process.env, NODE_OPTIONS: `--import=${preload}`, BERTH_TEST_WALL_FILE: wallFile };

let berth: BerthProcess | null = null;
after(async () => {
  await berth?.end("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

async function start(wallOffsetMs: number): Promise<{ readonly url: string; readonly service: LiveService }> {
  writeFileSync(wallFile, String(wallOffsetMs));
  berth = await startBerth("dev", flags, env);
  const { url } = berth.listening;
  return { url, service: new LiveService(url) };
}

async function setClock(url: string, wallOffsetMs: number, seenSeconds: number): Promise<void> {
  writeFileSync(wallFile, String(wallOffsetMs));
  berth?.child.kill("SIGUSR2");
  await untilFound("the server has seen the clock", async () => {
    const { clockOffsetSeconds, healthy } = await healthAt(url);
    assert.equal(healthy, true);
    return Math.abs(clockOffsetSeconds - seenSeconds) < 30 ? true : null;
  });
}

test("a clock that is set back, forward, and back during a restart stops no service, loses no agent and replaces no task", async () => {
  const first = await start(0);
  await first.service.create(4);
  const usual = await first.service.rollOut();
  const { containerInstanceArns = [] } = await first.service.ecs.listContainerInstances({});
  const expectAsBefore = async ({ service }: typeof first, tasks: readonly string[]): Promise<void> => {
    assert.deepEqual(await service.tasks(), tasks, "no task was replaced");
    const { containerInstances = [] } = await service.ecs.describeContainerInstances({
      containerInstances: containerInstanceArns,
    });
    assert.deepEqual(
      containerInstances.map(({ agentConnected }) => agentConnected),
      [true, true],
    );
  };
  // As long again as on an idle machine. A service that waits for the clock would need 3,600 s.
  const allowed = 2 * usual + 15;
  for (const [offset, seen] of [
    [-hourMs, -3_600],
    [hourMs, 3_600],
  ] as const) {
    const tasks = await first.service.tasks();
    await setClock(first.url, offset, seen);
    await expectAsBefore(first, tasks);
    const { warnings } = await healthAt(first.url);
    assert.match(warnings[0] ?? "", /^The clock of this machine is 3[56]\d\d s (behind|ahead of) Berth's time/);
    const metrics = await (await fetch(`${first.url}/metrics`)).text();
    assert.match(metrics, new RegExp(`^berth_clock_offset_seconds ${seen < 0 ? "-" : ""}3[56]\\d\\d`, "m"));
    assert.ok((await first.service.rollOut()) < allowed);
    const said = seen < 0 ? "s behind Berth's time" : "s ahead of Berth's time";
    const isSaid = () =>
      logged(berth?.complaints() ?? "", "server-warning").some(({ reason }) => String(reason).includes(said));
    await untilFound("the log says so", async () => (isSaid() ? true : null));
  }
  await setClock(first.url, 0, 0);
  const tasks = await first.service.tasks();
  const before = await newestTime(first.service);
  await berth?.end("SIGKILL");
  const second = await start(-hourMs);
  await second.service.untilSteady();
  await untilFound("agents are back", async () =>
    expectAsBefore(second, tasks).then(
      () => true,
      (error) => retryOf(error),
    ),
  );
  assert.ok((await second.service.rollOut()) < allowed);
  assert.ok((await newestTime(second.service)) > before, "times in documents continue from the newest stored one");
  assert.ok((await healthAt(second.url)).clockOffsetSeconds < -3_500);
});

/** An assertion that does not hold yet. */
function retryOf(error: unknown): null {
  if (error instanceof assert.AssertionError) return null;
  throw error;
}

async function newestTime({ ecs }: LiveService): Promise<number> {
  const { services = [] } = await ecs.describeServices({ services: ["web"] });
  return services[0]?.deployments?.[0]?.createdAt?.getTime() ?? 0;
}
