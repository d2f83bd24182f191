import type { PayloadContainer } from "../../agent-protocol/to-agent/payload-container.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log-events.ts";
import type { TaskSurroundings } from "../container-runtime.ts";
import { logConfigOf } from "../logs/awslogs-options.ts";
import type { LogShipper } from "../logs/log-shipper.ts";
import type { AwsClient, AwsService } from "../remote/aws-client.ts";
import type { AgentCredentials } from "../remote/request-signer.ts";
import { Slots } from "../slots.ts";
import { type FileSource, readEnvironmentFiles } from "./environment-files.ts";
import type { ExecutionKeys } from "./execution-keys.ts";
import { inputsAdvice, inputsReason } from "./inputs-reason.ts";
import { fetchRegistryLogin, fetchSecrets } from "./task-secrets.ts";

/** What a container gets from elsewhere when it is created. */
export type ContainerInputs = {
  /** From environment files. The variables of the definition override them. */
  readonly fileEnvironment: Readonly<Record<string, string>>;
  /** From secrets. */
  readonly environment: Readonly<Record<string, string>>;
  /** From secrets, for the log driver. */
  readonly logOptions: Readonly<Record<string, string>>;
};

export type RegistryLogin = { readonly username: string; readonly password: string };

/** Something that a task needs cannot be had. The message is the reason of the task. */
export class TaskInputsError extends Error {
  override readonly name = "TaskInputsError";
}

export type TaskInputsOptions = {
  readonly client: AwsClient;
  readonly keys: ExecutionKeys;
  readonly files: FileSource;
  readonly shipper: LogShipper;
  readonly clock: Clock;
  readonly log: Log;
};

/** LIMIT: half of the connections that the agents of a process share, so that logs of running tasks find a free one. */
const tasksMax = 16;

/** LIMIT: an agent that can connect has done so by then, whatever its pause; and the stop of a task waits as long. */
const credentialsMs = 120_000;

/** The containers that are still to be created, and their task. */
export type AwaitedTask = {
  readonly taskArn: string;
  readonly task: TaskSurroundings;
  readonly specs: readonly PayloadContainer[];
};

/** Nothing from elsewhere. */
const noInputs: ContainerInputs = { fileEnvironment: {}, environment: {}, logOptions: {} };

/**
 * What tasks need before their containers exist: secrets, logins to private registries, environment files, log streams. Values are in
 * memory only, until the containers are created.
 */
export class TaskInputs {
  readonly #options: TaskInputsOptions;
  readonly #inputs = new Map<string, Map<string, ContainerInputs>>();
  /** Logins to private registries, by task and container. */
  readonly #logins = new Map<string, Map<string, Promise<RegistryLogin>>>();
  readonly #slots = new Slots(tasksMax);

  constructor(options: TaskInputsOptions) {
    this.#options = options;
  }

  /**
   * Whether `prepare` has anything to do for these containers. AWS: Fargate checks the log driver before the containers; Docker when
   * it starts one.
   */
  needed({ task, specs }: Omit<AwaitedTask, "taskArn">): boolean {
    return specs.some(
      (spec) =>
        Boolean(spec.secrets?.length) ||
        Boolean(spec.environmentFiles?.length) ||
        registrySecret(spec) !== null ||
        (task.launchType === "FARGATE" && logConfigOf(spec)?.type === "awslogs"),
    );
  }

  /**
   * Fetches all that the containers need, for a few tasks at once; the others wait their turn. Rejects with TaskInputsError, and logs
   * what to do. AWS: with the texts of Fargate.
   */
  async prepare(awaited: AwaitedTask): Promise<void> {
    if (!this.needed(awaited)) return;
    const { taskArn } = awaited;
    try {
      this.#inputs.set(taskArn, await this.#slots.run(() => this.#fetch(awaited)));
    } catch (error) {
      this.forget(taskArn);
      const reason = `ResourceInitializationError: ${inputsReason(error)}`;
      this.#options.log("task-inputs-missing", { task: taskArn, reason, advice: inputsAdvice(error) });
      throw new TaskInputsError(reason, { cause: error });
    }
  }

  async #fetch({ taskArn, task, specs }: AwaitedTask): Promise<Map<string, ContainerInputs>> {
    const region = regionOf(taskArn);
    const { client, files, shipper } = this.#options;
    const usesRole = task.executionCredentialsId !== null;
    const credentials = (service: AwsService) => this.#credentials(taskArn, usesRole, service);
    const secrets = await fetchSecrets(client, credentials, specs, region);
    for (const spec of specs) await this.login(taskArn, spec);
    const inputs = new Map<string, ContainerInputs>();
    for (const spec of specs) {
      const fileEnvironment = await readEnvironmentFiles(files, credentials, spec, region);
      inputs.set(spec.name, { ...noInputs, ...secrets.get(spec.name), fileEnvironment });
      if (task.launchType === "FARGATE") await shipper.checkAhead(taskArn, spec);
    }
    return inputs;
  }

  /** After a restart of the agent, those of roles come with its first connection. Rejects with ApiError. */
  async #credentials(taskArn: string, usesRole: boolean, service: AwsService): Promise<AgentCredentials> {
    const { keys, clock } = this.#options;
    if (usesRole) {
      const late = Promise.withResolvers<void>();
      const timer = clock.setTimer(credentialsMs, late.resolve);
      await Promise.race([keys.arrival(taskArn), late.promise]);
      timer.cancel();
    }
    return await keys.of(taskArn, usesRole, service);
  }

  /** What was fetched for a container. */
  of(taskArn: string, container: string): ContainerInputs {
    return this.#inputs.get(taskArn)?.get(container) ?? noInputs;
  }

  /** The container is created: its values are needed no longer. */
  created(taskArn: string, container: string): void {
    const inputs = this.#inputs.get(taskArn);
    inputs?.delete(container);
    if (inputs?.size === 0) this.forget(taskArn);
  }

  /**
   * User name and password for the container's image from its secret, fetched once for a task. Null if it names none. Rejects with
   * SecretError.
   */
  async login(taskArn: string, spec: PayloadContainer): Promise<RegistryLogin | null> {
    const { name } = spec;
    const asm = registrySecret(spec);
    if (asm === null) return null;
    const ofTask = this.#logins.get(taskArn) ?? new Map<string, Promise<RegistryLogin>>();
    this.#logins.set(taskArn, ofTask);
    const secret = { secret: asm.credentialsParameter, region: asm.region ?? regionOf(taskArn) };
    const { client } = this.#options;
    // AWS: only execution roles may read such secrets.
    const login =
      ofTask.get(name) ?? fetchRegistryLogin(client, (service) => this.#credentials(taskArn, true, service), secret);
    ofTask.set(name, login);
    return await login;
  }

  forget(taskArn: string): void {
    this.#inputs.delete(taskArn);
    this.#logins.delete(taskArn);
  }
}

const registrySecret = ({ registryAuthentication }: PayloadContainer) => registryAuthentication?.asmAuthData ?? null;

export const regionOf = (arn: string): string => arn.split(":")[3] ?? "";
