import { elapsedText } from "../flags/durations.ts";
import { changeText, type DrainEnd, endText, progressLines, type Space, type WatchedDrains } from "./drain-progress.ts";

/** Where the progress of a drain is shown. */
export type DrainScreen = {
  show(progress: WatchedDrains, nowMs: number): void;
  end(end: DrainEnd, progress: WatchedDrains): void;
};

export type Write = (text: string) => void;

/** The lines of the progress, drawn over the previous ones. For a terminal. */
export function terminalScreen(write: Write, space: () => Space, references: readonly string[]): DrainScreen {
  let drawn = 0;
  const draw = (lines: readonly string[]): void => {
    const up = drawn === 0 ? "" : `\u001b[${drawn}A\r`;
    // Clears each old line and everything below, so that nothing flickers.
    write(`${up}${lines.map((line) => `${line}\u001b[K\n`).join("")}\u001b[J`);
    drawn = lines.length;
  };
  return {
    show: (progress, nowMs) => draw(progressLines(progress, nowMs, space())),
    end: (end, progress) => write(`${endText(end, progress, references)}\n`),
  };
}

/** A line for each change, with the time since the watch began. For logs. */
export function lineScreen(write: Write, startMs: number, references: readonly string[]): DrainScreen {
  const shown = new Map<string, string>();
  const tell = (key: string, text: string, nowMs: number): void => {
    if (shown.get(key) === text) return;
    shown.set(key, text);
    if (text !== "") write(`${elapsedText(nowMs - startMs)}  ${text}\n`);
  };
  return {
    show({ drains, problem, goneTasks }, nowMs) {
      for (const drain of drains) {
        const { containerInstanceArn: arn } = drain;
        tell(arn, changeText(drain, goneTasks.get(arn)), nowMs);
      }
      tell("", problem === null ? "" : `No answer: ${problem}`, nowMs);
    },
    end: (end, progress) => write(`${endText(end, progress, references)}\n`),
  };
}

/** A line of JSON for each drain that has changed, and one at the end. For programs. Drains have the form of DescribeDrain. */
export function jsonScreen(write: Write): DrainScreen {
  const shown = new Map<string, string>();
  let told: string | null = null;
  return {
    show({ drains, problem }) {
      for (const drain of drains) {
        const text = JSON.stringify({ event: "drain", ...drain });
        if (shown.get(drain.containerInstanceArn) === text) continue;
        shown.set(drain.containerInstanceArn, text);
        write(`${text}\n`);
      }
      if (problem !== told && problem !== null) write(`${JSON.stringify({ event: "no-answer", problem })}\n`);
      told = problem;
    },
    end: (end, { drains }) => {
      const unfinished = drains.filter(({ finished }) => !finished).map((drain) => drain.containerInstanceArn);
      write(`${JSON.stringify({ event: "end", why: end, unfinished })}\n`);
    },
  };
}
