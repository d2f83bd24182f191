import type { DockerContainer } from "../docker/engine/docker-answers.ts";
import { isNotFound } from "../docker/engine/docker-error.ts";
import type { EngineContainer, EngineTask } from "../engine/engine-state.ts";
import { codeOf } from "../submissions.ts";
import { containerMetadata, type MetadataVersion, present, shownTime } from "./container-metadata.ts";
import type { Asker, EndpointSources } from "./endpoint-sources.ts";

/** LIMIT: Docker is asked about a container at most once in this time, however many containers ask. */
const freshMs = 1_000;

type Seen = { readonly at: number; readonly answer: Promise<DockerContainer | null> };

/** The metadata of tasks and their containers. */
export class TaskMetadata {
  readonly #sources: EndpointSources;
  readonly #seen = new Map<string, Seen>();

  constructor(sources: EndpointSources) {
    this.#sources = sources;
  }

  async ofContainer({ task, container }: Asker, version: MetadataVersion): Promise<object> {
    return containerMetadata(task, container, await this.#inspected(container), version);
  }

  /** `tags`: includes the tags of the task and the container instance, for which it asks ECS. */
  async ofTask({ task }: Asker, version: MetadataVersion, tags: boolean): Promise<object> {
    const { cluster, availabilityZone } = this.#sources;
    const { surroundings } = task;
    const containers = await Promise.all(
      task.containers.map(async (container) =>
        containerMetadata(task, container, await this.#inspected(container), version),
      ),
    );
    const limits = present({
      // AWS: the CPU of a task is shown in vCPUs.
      CPU: surroundings.cpuUnits === null ? null : surroundings.cpuUnits / 1_024,
      Memory: surroundings.memoryMiB,
    });
    return present({
      Cluster: cluster,
      TaskARN: task.arn,
      Family: surroundings.family,
      ServiceName: version === "v4" ? surroundings.serviceName : null,
      Revision: surroundings.version,
      DesiredStatus: task.desired,
      KnownStatus: task.known === "PENDING" ? statusBeforeRunning(task) : task.known,
      Limits: Object.keys(limits).length === 0 ? null : limits,
      PullStartedAt: shownTime(task.pullStartedAt),
      PullStoppedAt: shownTime(task.pullStoppedAt),
      ExecutionStoppedAt: shownTime(task.executionStoppedAt),
      AvailabilityZone: availabilityZone,
      LaunchType: version === "v4" ? (surroundings.launchType ?? "EC2") : null,
      Containers: containers,
      ...(tags ? await this.#tags(task) : {}),
    });
  }

  async #tags(task: Readonly<EngineTask>): Promise<object> {
    const instance = this.#sources.containerInstanceArn();
    const [ofTask, ofInstance] = await Promise.all([
      this.#tagsOf(task.arn),
      instance === null ? null : this.#tagsOf(instance),
    ]);
    const errors = [
      ...("error" in ofTask ? [{ ErrorField: "TaskTags", ...ofTask.error }] : []),
      ...(ofInstance !== null && "error" in ofInstance
        ? [{ ErrorField: "ContainerInstanceTags", ...ofInstance.error }]
        : []),
    ];
    return present({
      TaskTags: "tags" in ofTask ? ofTask.tags : null,
      ContainerInstanceTags: ofInstance !== null && "tags" in ofInstance ? ofInstance.tags : null,
      Errors: errors.length === 0 ? null : errors,
    });
  }

  /** The tags by key, or the error in the form of the metadata. */
  async #tagsOf(resourceArn: string): Promise<{ readonly tags: object } | { readonly error: object }> {
    try {
      const reply: { readonly tags?: unknown } = await this.#sources.api.call("ListTagsForResource", { resourceArn });
      const tags = (reply.tags ?? []) as readonly { readonly key?: string; readonly value?: string }[];
      return { tags: Object.fromEntries(tags.map(({ key, value }) => [key ?? "", value ?? ""])) };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#sources.log("container-tags-missing", { err: error, resourceArn });
      return {
        error: {
          ErrorCode: codeOf(error) ?? "ServerException",
          ErrorMessage: message,
          StatusCode: 400,
          ResourceARN: resourceArn,
        },
      };
    }
  }

  /** What Docker says about the container. Null if it does not exist, or Docker does not answer. */
  #inspected({ runtimeId }: Readonly<EngineContainer>): Promise<DockerContainer | null> {
    if (runtimeId === null) return Promise.resolve(null);
    const now = this.#sources.clock.now();
    const seen = this.#seen.get(runtimeId);
    if (seen !== undefined && now - seen.at < freshMs) return seen.answer;
    for (const [id, { at }] of this.#seen) if (now - at >= freshMs) this.#seen.delete(id);
    const answer = this.#sources.docker.inspectContainer(runtimeId).catch((error: unknown) => {
      if (!isNotFound(error)) this.#sources.log("docker-metadata-missing", { err: error, runtimeId });
      return null;
    });
    this.#seen.set(runtimeId, { at: now, answer });
    return answer;
  }
}

/** AWS: a task is as far as the last of its containers. */
function statusBeforeRunning(task: Readonly<EngineTask>): string {
  const isMade = ({ phase }: Readonly<EngineContainer>): boolean => ["starting", "running", "stopped"].includes(phase);
  return task.containers.length > 0 && task.containers.every(isMade) ? "CREATED" : "NONE";
}
