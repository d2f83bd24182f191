/** AWS: the reason of a container whose log driver Docker cannot start. */
export const loggingProblem = (error: unknown): string =>
  `CannotStartContainerError: Error response from daemon: failed to initialize logging driver: ${error instanceof Error ? error.message : String(error)}`;
