/** A command of a script, as words without their quotes. */
export type ShellCommand = readonly string[];

/** LIMIT: commands of simulated containers are written by hand; a longer script is an ordinary program. */
const commandsMax = 1_000;

/**
 * The commands of a script that runs them in order (`;`, `&&`, line ends), with quotes and variables replaced as a shell does.
 * Where the script does anything else (pipes, redirections, substitutions, loops), it ends with the command null.
 */
export function shellCommands(
  script: string,
  variables: Readonly<Record<string, string>>,
): readonly (ShellCommand | null)[] {
  const commands: (ShellCommand | null)[] = [];
  let words: string[] = [];
  let word: string | null = null;
  const endWord = (): void => {
    if (word !== null) words.push(word);
    word = null;
  };
  const endCommand = (): void => {
    endWord();
    if (words.length > 0) commands.push(words);
    words = [];
  };
  // A quoted part, a variable, a separator, blanks, what we do not understand, or letters.
  const parts =
    /'([^']*)'|"((?:[^"\\`$]|\\.|\$\w+(?!\w)|\$\{\w+\})*)"|\$(?:(\w+)|\{(\w+)\})|(&&|;|\n)|([ \t\r]+)|\\(.)|([|&<>()`$"'])|([^\s;&|<>()`$"'\\]+)/gs;
  for (const [, single, double, name, braced, end, blank, escaped, foreign, letters] of script.matchAll(parts)) {
    if (foreign !== undefined || commands.length >= commandsMax) {
      // What comes before on the same line belongs to it.
      return [...commands, null];
    }
    if (end !== undefined) endCommand();
    else if (blank !== undefined) endWord();
    else
      word =
        (word ?? "") +
        (single ?? unquoted(double, variables) ?? escaped ?? letters ?? variables[name ?? braced ?? ""] ?? "");
  }
  endCommand();
  return commands;
}

function unquoted(text: string | undefined, variables: Readonly<Record<string, string>>): string | undefined {
  return text?.replace(
    /\\(["\\$`])|\$(?:(\w+)|\{(\w+)\})/g,
    (_, letter?: string, name?: string, braced?: string) => letter ?? variables[name ?? braced ?? ""] ?? "",
  );
}
