import type { PayloadContainer } from "../../agent-protocol/to-agent/payload-container.ts";
import type { TaskSurroundings } from "../container-runtime.ts";
import type { LogShipper } from "../logs/log-shipper.ts";
import type { AwsClient, AwsService } from "../remote/aws-client.ts";
import { type FileSource, readEnvironmentFiles } from "./environment-files.ts";
import type { ExecutionKeys } from "./execution-keys.ts";
import { inputsReason } from "./inputs-reason.ts";
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
};

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

  constructor(options: TaskInputsOptions) {
    this.#options = options;
  }

  /** Fetches all that the containers need. Rejects with TaskInputsError; AWS: with the texts of Fargate. */
  async prepare({ taskArn, task, specs }: AwaitedTask): Promise<void> {
    const region = regionOf(taskArn);
    const { client, keys, files, shipper } = this.#options;
    const usesRole = task.executionCredentialsId !== null;
    const credentials = (service: AwsService) => keys.of(taskArn, usesRole, service);
    try {
      const secrets = await fetchSecrets(client, credentials, specs, region);
      for (const spec of specs) await this.login(taskArn, spec);
      const inputs = new Map<string, ContainerInputs>();
      for (const spec of specs) {
        const fileEnvironment = await readEnvironmentFiles(files, credentials, spec, region);
        inputs.set(spec.name, { ...noInputs, ...secrets.get(spec.name), fileEnvironment });
        // AWS: Fargate checks the log driver before the containers; Docker when it starts one.
        if (task.launchType === "FARGATE") await shipper.checkAhead(taskArn, spec);
      }
      this.#inputs.set(taskArn, inputs);
    } catch (error) {
      this.forget(taskArn);
      throw new TaskInputsError(`ResourceInitializationError: ${inputsReason(error)}`, { cause: error });
    }
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
  async login(taskArn: string, { name, registryAuthentication }: PayloadContainer): Promise<RegistryLogin | null> {
    const asm = registryAuthentication?.asmAuthData;
    if (asm === undefined || asm === null) return null;
    const ofTask = this.#logins.get(taskArn) ?? new Map<string, Promise<RegistryLogin>>();
    this.#logins.set(taskArn, ofTask);
    const secret = { secret: asm.credentialsParameter, region: asm.region ?? regionOf(taskArn) };
    const { client, keys } = this.#options;
    // AWS: only execution roles may read such secrets.
    const login = ofTask.get(name) ?? fetchRegistryLogin(client, (service) => keys.of(taskArn, true, service), secret);
    ofTask.set(name, login);
    return await login;
  }

  forget(taskArn: string): void {
    this.#inputs.delete(taskArn);
    this.#logins.delete(taskArn);
  }
}

export const regionOf = (arn: string): string => arn.split(":")[3] ?? "";
