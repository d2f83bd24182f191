/** Plays a scenario and returns its output. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { instructions } from "./instructions.ts";
import { type Line, parseScenario, ScenarioError } from "./parse-scenario.ts";
import { Stage } from "./stage.ts";

export const scenarioPath = (name: string): string => join(import.meta.dirname, `${name}.scenario`);
export const goldenPath = (name: string): string => join(import.meta.dirname, `${name}.events`);

export type Played = {
  /** The whole stream, as in the golden file. */
  readonly text: string;
  /** What is left when all is over, without what chance decides. */
  readonly end: readonly string[];
};

export type PlayOptions = {
  readonly seed: string;
  /** Which of the waiting lines (counted from zero) the control plane is killed at. Null: it lives. */
  readonly crashAt: number | null;
  /** How long after that line begins. If absent, when looks at the services that it waits for are under way. */
  readonly crashAfterMs?: number;
};

/**
 * Plays the scenario of that name. Rejects if it waits in vain, if a rule of the simulator is broken, or on a line that it cannot
 * read.
 */
export async function playScenario(
  name: string,
  { seed, crashAt, crashAfterMs = 1_100 }: PlayOptions,
): Promise<Played> {
  const lines = linesOf(name);
  const fatal = crashAt === null ? undefined : waitsIn(lines)[crashAt];
  const stage = new Stage(seed);
  stage.print(`# ${name}, seed ${seed}`);
  await stage.start();
  for (const line of lines) {
    const instruction = instructions[line.verb];
    if (instruction === undefined) {
      throw new ScenarioError(line, `there is no ${line.verb}; there are ${Object.keys(instructions).join(", ")}`);
    }
    stage.print("");
    stage.print(`> ${line.text}`);
    stage.mark = stage.lines.length;
    if (line === fatal) {
      await stage.pass(crashAfterMs);
      await stage.restartControlPlane();
    }
    await instruction(stage, line);
  }
  const { violation } = stage.world.checkers;
  if (violation !== null) throw new Error(`${violation.rule}: ${violation.problem}`);
  return { text: `${stage.lines.join("\n")}\n`, end: endOf(stage) };
}

/** How many lines of the scenario wait, which is how many moments there are to kill the control plane. */
export const waitsOf = (name: string): number => waitsIn(linesOf(name)).length;

const linesOf = (name: string): Line[] => parseScenario(readFileSync(scenarioPath(name), "utf8"));

const waitsIn = (lines: readonly Line[]): Line[] => lines.filter(({ verb }) => verb === "wait" || verb === "pass");

function endOf(stage: Stage): string[] {
  const tasks = stage.tasks();
  const services = stage.documents<NonNullable<ReturnType<Stage["service"]>>>("service").map((service) => {
    const running = tasks.filter(
      ({ group, lastStatus }) => group === `service:${service.name}` && lastStatus === "RUNNING",
    );
    const rollout = stage.rollout(service.name);
    const deployments = (rollout?.deployments ?? []).map(
      ({ id, rolloutState }) => `${id === rollout?.targetId ? "PRIMARY" : "ACTIVE"} ${rolloutState}`,
    );
    return `service ${service.name} ${service.status}, ${running.length} of ${service.desiredCount} running, ${deployments.join(", ")}`;
  });
  const standalone = tasks.filter(({ group, lastStatus }) => !group.startsWith("service:") && lastStatus === "RUNNING");
  const statuses = stage.instances().map(({ status, agentConnected }) => `instance ${status} ${agentConnected}`);
  return [...services.sort(), `${standalone.length} standalone tasks running`, ...statuses.sort()];
}
