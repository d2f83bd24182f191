import type { EcsApi } from "../../agent-protocol/connection.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log-events.ts";
import type { DockerContainer, DockerNetwork, DockerStats } from "../docker/engine/docker-answers.ts";
import type { EngineContainer, EngineTask } from "../engine/engine-state.ts";
import type { CredentialsLookup, RoleCredentials, TaskRole } from "../task-credentials.ts";

/** The Docker calls that answering containers needs. DockerEngine has them. */
export type EndpointDocker = {
  readonly address: string;
  inspectContainer(id: string): Promise<DockerContainer>;
  inspectNetwork(id: string): Promise<DockerNetwork>;
  statsOf(id: string, oneShot: boolean): Promise<DockerStats>;
};

/** Where the endpoints get their answers. */
export type EndpointSources = {
  readonly clock: Clock;
  readonly log: Log;
  readonly docker: EndpointDocker;
  /** The tasks that the agent knows (Agent.tasks). */
  readonly tasks: () => Iterable<Readonly<EngineTask>>;
  readonly credentials: CredentialsLookup;
  /** What a container gets for a role of its task. By default the role's credentials. May reject. */
  readonly credentialsFor?: (role: TaskRole) => Promise<RoleCredentials>;
  /** The ECS API in the agent's own name, and in that of a task's role. */
  readonly api: EcsApi;
  readonly apiAs: (credentials: RoleCredentials) => EcsApi;
  /** As configured for the agent: name or ARN. */
  readonly cluster: string;
  /** Null before the registration. */
  readonly containerInstanceArn: () => string | null;
  readonly availabilityZone: string | null;
};

/** The caller: a container of a task. */
export type Asker = { readonly task: Readonly<EngineTask>; readonly container: Readonly<EngineContainer> };

/** An answer to a container. `body` is sent as JSON. */
export type EndpointAnswer = { readonly status: number; readonly body: unknown };
