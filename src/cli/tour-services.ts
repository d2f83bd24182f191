import { drainAndReturn } from "./tour-drain.ts";
import { explainPlacement } from "./tour-explain.ts";
import { createAndRollOut } from "./tour-rollouts.ts";
import { startDev } from "./tour-server.ts";
import type { Steps } from "./tour-steps.ts";

/** LIMIT: ECS counts a new task as healthy after 40 s, which nobody wants to watch; a second is still a visible wait. */
const timeScale = 40;

/** Services from creation to drain, on a server whose times are shorter than ECS's. */
export async function serviceLife(steps: Steps): Promise<void> {
  steps.heading("A service");
  const server = await startDev(["--in-memory", "--runtime", "simulated", "--time-scale", String(timeScale)]);
  await steps.step(
    `a second \`berth dev\`, with --time-scale ${timeScale}: everything that ECS waits for is ${timeScale} times as fast`,
    async () => `a new task counts as healthy after ${40 / timeScale} s, not 40 s`,
  );
  await createAndRollOut(steps, server.ecs);
  await explainPlacement(steps, server);
  await drainAndReturn(steps, server);
  await server.stop();
}
