import type { SecureContext } from "node:tls";
import type { Clock } from "../../lib/clock.ts";
import type { RandomStream } from "../../lib/random.ts";
import type { AgentLog } from "../agent-log.ts";
import { LogPositions } from "../logs/log-positions.ts";
import { LogShipper } from "../logs/log-shipper.ts";
import { AwsClient, type AwsEndpoints } from "../remote/aws-client.ts";
import { ConnectionPool } from "../remote/connection-pool.ts";
import type { AgentCredentials } from "../remote/request-signer.ts";
import type { CredentialsLookup } from "../task-credentials.ts";
import { type ExecutionKeys, MintedKeys } from "./execution-keys.ts";
import { TaskInputs } from "./task-inputs.ts";

/** Where an agent finds what its tasks need from other services. */
export type TaskServicesSettings = {
  /** Read at each call, because a server in this process learns its own address late. */
  readonly endpoints: () => AwsEndpoints;
  /** Certificates in addition to the system's. Null for none. */
  readonly trust: SecureContext | null;
  /** The agent's own credentials for tasks without an execution role. Null: such tasks get nothing from other services. */
  readonly own: AgentCredentials | null;
  /** A folder with a folder for each bucket, instead of S3. */
  readonly bucketDir: string | null;
};

export type TaskServicesOptions = TaskServicesSettings & {
  readonly clock: Clock;
  readonly random: RandomStream;
  readonly log: AgentLog;
  readonly credentials: CredentialsLookup;
  /** Where the agent keeps how far it has sent logs. Null: nowhere. */
  readonly positionsFile: string | null;
};

/** The other services of AWS as an agent uses them for its tasks. */
export class TaskServices {
  readonly client: AwsClient;
  readonly keys: ExecutionKeys;
  readonly positions: LogPositions;
  readonly shipper: LogShipper;
  readonly inputs: TaskInputs;
  readonly #pool: ConnectionPool;

  private constructor(options: TaskServicesOptions, positions: LogPositions) {
    const { clock, random, log } = options;
    this.#pool = new ConnectionPool(options.trust);
    this.client = new AwsClient({ endpoints: options.endpoints, pool: this.#pool, clock, random });
    this.keys = new MintedKeys(options.credentials, options.own);
    this.positions = positions;
    this.shipper = new LogShipper({ client: this.client, keys: this.keys, positions, clock, random, log });
    const files = { client: this.client, bucketDir: options.bucketDir };
    this.inputs = new TaskInputs({ client: this.client, keys: this.keys, files, shipper: this.shipper });
  }

  static async open(options: TaskServicesOptions): Promise<TaskServices> {
    return new TaskServices(options, await LogPositions.open(options.positionsFile, options.clock, options.log));
  }

  /** Ends all calls. Resolves when what the next process needs is on disk. */
  async close(): Promise<void> {
    await this.shipper.close();
    this.#pool.close();
  }
}
