import type { PayloadContainer } from "../../agent-protocol/to-agent/payload-container.ts";
import { shellCommands } from "./shell-script.ts";

/** What a simulated container does. Absent members mean the behaviour of an ordinary, endless program. */
export type SimulatedBehaviour = {
  /** Milliseconds after its start at which it ends by itself, and how. */
  readonly exit: { readonly afterMs: number; readonly code: number; readonly outOfMemory: boolean } | null;
  readonly pull: "works" | "fails";
  readonly pullMs: number | null;
  readonly start: "works" | "fails";
  readonly health: "HEALTHY" | "UNHEALTHY";
  readonly ignoresSigterm: boolean;
  readonly impairsRuntime: boolean;
  /** The lines that it writes to its output. */
  readonly prints: readonly SimulatedPrint[];
};

/** A line, and how many milliseconds after the start it is written. */
export type SimulatedPrint = { readonly afterMs: number; readonly text: string };

export type SimulatedImage = {
  /** As users write it. `N` and `S` represent a number. */
  readonly image: string;
  readonly what: string;
  readonly behaviour: (argument: number) => Partial<SimulatedBehaviour>;
};

const exitAfter = (afterMs: number, code: number, outOfMemory = false): Partial<SimulatedBehaviour> => ({
  // An exit code is one byte. A shell that gets a larger number keeps its lowest byte.
  exit: { afterMs, code: Math.floor(code) % 256, outOfMemory },
});

/** The images that rehearse something. A tag or registry in front (`registry.example/berth/exit:3`) does not count. */
export const simulatedImages: readonly SimulatedImage[] = [
  { image: "berth/exit:N", what: "exits with code N at once", behaviour: (n) => exitAfter(0, n) },
  { image: "berth/sleep:S", what: "exits with code 0 after S seconds", behaviour: (s) => exitAfter(s * 1_000, 0) },
  {
    image: "berth/crash-after:S",
    what: "exits with code 1 after S seconds",
    behaviour: (s) => exitAfter(s * 1_000, 1),
  },
  {
    image: "berth/out-of-memory:S",
    what: "runs out of memory and is killed after S seconds (code 137, OutOfMemoryError)",
    behaviour: (s) => exitAfter(s * 1_000, 137, true),
  },
  { image: "berth/unhealthy", what: "fails its health check", behaviour: () => ({ health: "UNHEALTHY" }) },
  {
    image: "berth/cannot-pull",
    what: "cannot be pulled (CannotPullContainerError)",
    behaviour: () => ({ pull: "fails" }),
  },
  {
    image: "berth/cannot-start",
    what: "cannot be started (CannotStartContainerError)",
    behaviour: () => ({ start: "fails" }),
  },
  { image: "berth/slow-pull:S", what: "takes S seconds to pull", behaviour: (s) => ({ pullMs: s * 1_000 }) },
  {
    image: "berth/ignore-sigterm",
    what: "ignores SIGTERM and is killed when the stop timeout is over (code 137)",
    behaviour: () => ({ ignoresSigterm: true }),
  },
  {
    image: "berth/impair-runtime",
    what: "while it runs, the health check CONTAINER_RUNTIME of its container instance is IMPAIRED",
    behaviour: () => ({ impairsRuntime: true }),
  },
];

/** The commands that rehearse something, on any image. They take precedence over the image. */
export const simulatedCommands: readonly { readonly command: string; readonly what: string }[] = [
  { command: '["exit", "N"]', what: "exits with code N at once" },
  { command: '["sleep", "S"]', what: "exits with code 0 after S seconds" },
  { command: '["true"]', what: "exits with code 0 at once" },
  { command: '["echo", ...]', what: "writes the words to its log and exits with code 0 at once" },
  { command: '["false"]', what: "exits with code 1 at once" },
  { command: '["sh", "-c", "sleep 5; exit 3"]', what: "runs these commands in order" },
];

const ordinary: SimulatedBehaviour = {
  exit: null,
  pull: "works",
  pullMs: null,
  start: "works",
  health: "HEALTHY",
  ignoresSigterm: false,
  impairsRuntime: false,
  prints: [],
};

const parsedImages = simulatedImages.map(({ image, behaviour }) => {
  const [name = "", argument] = image.split(":");
  return { name, takesArgument: argument !== undefined, behaviour };
});

/** What a simulated container of this image and command does. Any image that is not in the table runs until it is stopped. */
export function simulatedBehaviour(
  container: Pick<PayloadContainer, "image" | "command" | "entryPoint" | "environment">,
): SimulatedBehaviour {
  return {
    ...ordinary,
    ...imageBehaviour(container.image),
    ...commandBehaviour([...(container.entryPoint ?? []), ...(container.command ?? [])], container.environment ?? {}),
  };
}

function imageBehaviour(image: string): Partial<SimulatedBehaviour> {
  const match = /(?:^|\/)(berth\/[a-z-]+)(?::([^/@]*))?(?:@.*)?$/.exec(image);
  if (match === null) return {};
  const found = parsedImages.find((candidate) => candidate.name === match[1]);
  if (found === undefined) return {};
  return found.behaviour(found.takesArgument ? numberOf(match[2]) : 0);
}

/**
 * What a command's words do, in order. A command that is not in the table is an ordinary program: it runs until it is stopped. What came
 * before it was printed.
 */
function commandBehaviour(
  words: readonly string[],
  variables: Readonly<Record<string, string>>,
): Partial<SimulatedBehaviour> {
  const isScript = words.length === 3 && isShell(words[0]) && words[1] === "-c";
  const commands = isScript ? shellCommands(words[2] ?? "", variables) : words.length === 0 ? [] : [words];
  const prints: SimulatedPrint[] = [];
  let afterMs = 0;
  let code = 0;
  for (const [command, ...rest] of commands.map((one) => one ?? [""])) {
    const [argument] = rest;
    if (command === "sleep" && argument !== "infinity") afterMs += seconds(argument) * 1_000;
    else if (command === "exit") return { ...exitAfter(afterMs, numberOf(argument)), prints };
    else if (command === "true") code = 0;
    else if (command === "echo") {
      code = 0;
      prints.push({ afterMs, text: rest.join(" ") });
    } else if (command === "false") code = 1;
    else return { prints };
  }
  return commands.length === 0 ? {} : { ...exitAfter(afterMs, code), prints };
}

const isShell = (word: string | undefined): boolean => /^(?:\/bin\/)?(?:ba|da|a)?sh$/.test(word ?? "");
const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** A number of seconds in the form that `sleep` accepts: `90`, `1.5`, `10m`. */
function seconds(text: string | undefined): number {
  const match = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(text ?? "");
  return match === null ? 0 : Number(match[1]) * (units[match[2] || "s"] ?? 1);
}

const numberOf = (text: string | undefined): number => (/^\d+(?:\.\d+)?$/.test(text ?? "") ? Number(text) : 0);
