import type { PayloadContainer } from "../../agent-protocol/to-agent/payload-container.ts";

/** What the first line of an event looks like: an expression in Go's syntax, or a time as strftime writes it. */
export type EventStartOption = { readonly pattern: string } | { readonly datetime: string };

/** How a container's output goes to CloudWatch Logs. */
export type AwslogsOptions = {
  readonly group: string;
  /** Null: the container's id. */
  readonly stream: string | null;
  readonly region: string;
  /** Null: where the agent's other logs go. */
  readonly endpoint: string | null;
  readonly createsGroup: boolean;
  readonly createsStream: boolean;
  /** Null: each line is an event. */
  readonly eventStart: EventStartOption | null;
  /** `json/emf`, or null. Sent with each call. */
  readonly format: string | null;
  /** How much output waits for CloudWatch Logs. If `drops`, more is dropped; otherwise it waits in Docker's own file. */
  readonly buffer: { readonly bytes: number; readonly drops: boolean };
  /** How long an event of several lines may wait for its next line. */
  readonly flushMs: number;
};

/** The options are wrong. The message is Docker's. */
export class AwslogsError extends Error {
  override readonly name = "AwslogsError";
}

/** AWS: what may wait in the mode non-blocking, unless the option max-buffer-size says otherwise. */
const nonBlockingBytes = 10 * 1_048_576;
/** LIMIT: four batches. Output beyond it waits in the file that Docker keeps. */
const blockingBytes = 4 * 1_048_576;
/** LIMIT: a hundred containers with this buffer already fill the memory of a small host. */
const bufferBytesMax = 256 * 1_048_576;
/** AWS: how often Docker sends what has come. */
const flushSeconds = 5;
/** LIMIT: AWS: CloudWatch Logs refuses longer names. */
const nameCharacters = 512;

const known = [
  ...["awslogs-group", "awslogs-stream", "awslogs-region", "awslogs-endpoint", "awslogs-credentials-endpoint"],
  ...["awslogs-create-group", "awslogs-create-stream", "awslogs-datetime-format", "awslogs-multiline-pattern"],
  ...["awslogs-format", "awslogs-force-flush-interval-seconds", "awslogs-max-buffered-events"],
  ...["mode", "max-buffer-size", "tag"],
];

/** The log configuration that a container has in its payload: Docker's driver and options. Null for Docker's default. */
export function logConfigOf({
  dockerConfig,
}: PayloadContainer): { readonly type: string; readonly config: unknown } | null {
  if (!dockerConfig?.hostConfig) return null;
  try {
    const { LogConfig } = Object(JSON.parse(dockerConfig.hostConfig)) as { readonly LogConfig?: unknown };
    const { Type, Config } = Object(LogConfig) as { readonly Type?: unknown; readonly Config?: unknown };
    return typeof Type === "string" && Type !== "" ? { type: Type, config: Config } : null;
  } catch {
    // Whoever makes the container says so.
    return null;
  }
}

/** The options of a container with the log driver awslogs, or null if it has another. Throws {@link AwslogsError}. */
export function awslogsOptions(spec: PayloadContainer): AwslogsOptions | null {
  const found = logConfigOf(spec);
  return found === null || found.type !== "awslogs" ? null : parsed(found.config);
}

function parsed(config: unknown): AwslogsOptions {
  const options = new Map(Object.entries(Object(config)).map(([name, value]) => [name, String(value)]));
  for (const name of options.keys()) {
    if (!known.includes(name)) throw new AwslogsError(`unknown log opt '${name}' for awslogs log driver`);
  }
  const group = nameIn(options, "awslogs-group");
  if (group === null) throw new AwslogsError("must specify a value for log opt 'awslogs-group'");
  const region = options.get("awslogs-region") ?? "";
  if (!/^[a-z][a-z0-9-]{0,31}$/.test(region)) {
    throw new AwslogsError(`must specify a region for log opt 'awslogs-region', but it is '${region}'`);
  }
  return {
    group,
    stream: nameIn(options, "awslogs-stream"),
    region,
    endpoint: endpointIn(options),
    createsGroup: flagIn(options, "awslogs-create-group", false),
    createsStream: flagIn(options, "awslogs-create-stream", true),
    eventStart: eventStartIn(options),
    format: formatIn(options),
    buffer: bufferIn(options),
    flushMs: countIn(options, "awslogs-force-flush-interval-seconds", flushSeconds) * 1_000,
  };
}

type Options = ReadonlyMap<string, string>;

function nameIn(options: Options, name: string): string | null {
  const value = options.get(name) || null;
  if (value !== null && value.length > nameCharacters) {
    throw new AwslogsError(`log opt '${name}' is longer than ${nameCharacters} characters`);
  }
  return value;
}

function flagIn(options: Options, name: string, otherwise: boolean): boolean {
  const value = options.get(name);
  if (value === undefined || value === "") return otherwise;
  if (/^(1|t|T|TRUE|true|True)$/.test(value)) return true;
  if (/^(0|f|F|FALSE|false|False)$/.test(value)) return false;
  throw new AwslogsError(
    `must specify valid value for log opt '${name}': strconv.ParseBool: parsing "${value}": invalid syntax`,
  );
}

function countIn(options: Options, name: string, otherwise: number): number {
  const value = options.get(name);
  if (value === undefined || value === "") return otherwise;
  if (/^[1-9]\d{0,5}$/.test(value)) return Number(value);
  throw new AwslogsError(`must specify a positive integer for log opt '${name}': ${value}`);
}

function endpointIn(options: Options): string | null {
  const value = options.get("awslogs-endpoint") || null;
  if (value === null || (/^https?:\/\/[^@]+$/.test(value) && URL.canParse(value))) return value;
  throw new AwslogsError(`log opt 'awslogs-endpoint' is not a web address: ${value}`);
}

function formatIn(options: Options): string | null {
  const value = options.get("awslogs-format") || null;
  if (value !== null && value !== "json/emf") throw new AwslogsError(`unsupported log format '${value}'`);
  if (value !== null && (options.has("awslogs-datetime-format") || options.has("awslogs-multiline-pattern"))) {
    throw new AwslogsError(
      "you cannot configure log opt 'awslogs-datetime-format' or 'awslogs-multiline-pattern' when log opt 'awslogs-format' is set to 'json/emf'",
    );
  }
  return value;
}

function eventStartIn(options: Options): EventStartOption | null {
  const datetime = options.get("awslogs-datetime-format");
  const pattern = options.get("awslogs-multiline-pattern");
  if (datetime !== undefined && pattern !== undefined) {
    throw new AwslogsError(
      "you cannot configure log opt 'awslogs-datetime-format' and 'awslogs-multiline-pattern' at the same time",
    );
  }
  if (datetime !== undefined) return { datetime };
  return pattern === undefined ? null : { pattern };
}

function bufferIn(options: Options): AwslogsOptions["buffer"] {
  const mode = options.get("mode") ?? "blocking";
  const size = options.get("max-buffer-size");
  if (mode !== "blocking" && mode !== "non-blocking")
    throw new AwslogsError(`logger: logging mode '${mode}' not supported`);
  if (mode === "blocking") {
    if (size !== undefined)
      throw new AwslogsError("logger: max-buffer-size option is only supported with 'mode=non-blocking'");
    return { bytes: blockingBytes, drops: false };
  }
  const bytes = size === undefined ? nonBlockingBytes : sizeOf(size);
  if (bytes === null) throw new AwslogsError(`error getting log driver buffer size: invalid size: '${size}'`);
  return { bytes: Math.min(bytes, bufferBytesMax), drops: true };
}

/** Bytes, as Docker writes them: `4096`, `512k`, `25m`, `1g`. Null for anything else. */
function sizeOf(text: string): number | null {
  const match = /^(\d{1,12}(?:\.\d{1,6})?) ?([bkmg]?)(?:i?b)?$/i.exec(text);
  if (match === null) return null;
  const factor = { "": 1, b: 1, k: 1_024, m: 1_048_576, g: 1_073_741_824 }[(match[2] ?? "").toLowerCase()] ?? 1;
  return Math.floor(Number(match[1]) * factor);
}
