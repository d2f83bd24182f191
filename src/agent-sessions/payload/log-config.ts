/** A container's log configuration in ECS's form. */
export type LogConfiguration = { readonly logDriver: string; readonly options?: Readonly<Record<string, string>> };

const streamPrefix = "awslogs-stream-prefix";

/**
 * The `LogConfig` of a container in the form of the Docker Engine API. AWS: `awslogs-stream-prefix` is an option of ECS that
 * Docker refuses; it becomes the log stream `prefix/container/task id`. Docker and the agent understand all other options: `mode`
 * and `max-buffer-size` of every driver, the options of `awslogs`, and those of `awsfirelens`, which the agent turns into a
 * configuration of its log router.
 */
export function logConfig(
  { logDriver, options = {} }: LogConfiguration,
  { containerName, taskId }: { readonly containerName: string; readonly taskId: string },
): { readonly Type: string; readonly Config: Readonly<Record<string, string>> } {
  if (logDriver !== "awslogs" || options[streamPrefix] === undefined) return { Type: logDriver, Config: options };
  const { [streamPrefix]: prefix, ...config } = options;
  // AWS: without a prefix the stream is named after the container's id, which is Docker's default.
  if (prefix === "") return { Type: logDriver, Config: config };
  return { Type: logDriver, Config: { ...config, "awslogs-stream": `${prefix}/${containerName}/${taskId}` } };
}
