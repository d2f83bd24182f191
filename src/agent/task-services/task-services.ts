import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log-events.ts";
import type { RandomStream } from "../../lib/random.ts";
import { LogPositions } from "../logs/log-positions.ts";
import { LogShipper } from "../logs/log-shipper.ts";
import { AwsClient, type AwsEndpoints } from "../remote/aws-client.ts";
import type { ConnectionPool } from "../remote/connection-pool.ts";
import type { AgentCredentials } from "../remote/request-signer.ts";
import type { CredentialsLookup } from "../task-credentials.ts";
import { AssumedRoles } from "./assumed-roles.ts";
import { ExecutionKeys } from "./execution-keys.ts";
import { TaskInputs } from "./task-inputs.ts";

/** Where an agent finds what its tasks need from other services. */
export type TaskServicesSettings = {
  /** Read at each call, because a server in this process learns its own address late. */
  readonly endpoints: () => AwsEndpoints;
  /** The connections that all agents of a process share. */
  readonly pool: ConnectionPool;
  /** The agent's own credentials for tasks without an execution role. Null: such tasks get nothing from other services. */
  readonly own: AgentCredentials | null;
  /** A folder with a folder for each bucket, instead of S3. */
  readonly bucketDir: string | null;
  /** A folder with a folder for each EFS file system. Null: EFS volumes are not supported. */
  readonly efsDir: string | null;
  /** The keys that assume tasks' roles in AWS itself. Null: tasks have the credentials that the control plane mints. */
  readonly assumeWith: (() => Promise<AgentCredentials>) | null;
};

export type TaskServicesOptions = TaskServicesSettings & {
  readonly clock: Clock;
  readonly random: RandomStream;
  readonly log: Log;
  readonly credentials: CredentialsLookup;
};

/** The other services of AWS as an agent uses them for its tasks. */
export class TaskServices {
  readonly client: AwsClient;
  readonly keys: ExecutionKeys;
  readonly positions: LogPositions;
  readonly shipper: LogShipper;
  readonly inputs: TaskInputs;

  private constructor(options: TaskServicesOptions, positions: LogPositions) {
    const { clock, random, log } = options;
    this.client = new AwsClient({ endpoints: options.endpoints, pool: options.pool, clock, random });
    const { assumeWith, endpoints, own, credentials: minted } = options;
    const assumed = assumeWith === null ? null : new AssumedRoles({ client: this.client, ownKeys: assumeWith, clock });
    this.keys = new ExecutionKeys({ minted, assumed, endpoints, own });
    this.positions = positions;
    this.shipper = new LogShipper({ client: this.client, keys: this.keys, positions, clock, random, log });
    const files = { client: this.client, bucketDir: options.bucketDir };
    this.inputs = new TaskInputs({ client: this.client, keys: this.keys, files, shipper: this.shipper, clock, log });
  }

  /** For an agent that keeps in `positionsFile` how far it has sent logs. */
  static async open(options: TaskServicesOptions, positionsFile: string): Promise<TaskServices> {
    return new TaskServices(options, await LogPositions.open(positionsFile, options.clock, options.log));
  }

  /** For an agent that keeps nothing. */
  static forgetful(options: TaskServicesOptions): TaskServices {
    return new TaskServices(options, LogPositions.none(options.clock, options.log));
  }

  /** Sends nothing more. Resolves when what the next process needs is on disk. */
  close(): Promise<void> {
    return this.shipper.close();
  }
}

/** What an agent with these settings does for its tasks with other services. */
export const offeredServices = (settings: TaskServicesSettings | null | undefined): { readonly efs: boolean } | null =>
  settings === null || settings === undefined ? null : { efs: settings.efsDir !== null };
