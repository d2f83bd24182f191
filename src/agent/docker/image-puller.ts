import type { PayloadContainer } from "../../agent-protocol/to-agent/payload-container.ts";
import type { DockerImage } from "./engine/docker-answers.ts";
import { type DockerEngine, splitReference } from "./engine/docker-engine.ts";
import { DockerTimeout, failureText } from "./engine/docker-error.ts";
import { Slots } from "./slots.ts";
import type { Waiting } from "./waiting.ts";

/** AWS: the values of ECS_IMAGE_PULL_BEHAVIOR. */
export const pullBehaviours = ["default", "always", "once", "prefer-cached"] as const;
export type PullBehaviour = (typeof pullBehaviours)[number];

/**
 * The registry credentials (base64url JSON for the header X-Registry-Auth), or null. Rejects with an Error that becomes a reason.
 */
export type RegistryAuth = (taskArn: string, spec: PayloadContainer) => Promise<string | null>;

export type PullRequest = { readonly taskArn: string; readonly image: string; readonly spec: PayloadContainer };

export type PullOutcome =
  | { readonly type: "pulled"; readonly imageDigest: string | null; readonly reason?: string }
  | { readonly type: "pull-failed"; readonly reason: string };

export type ImagePullerOptions = {
  readonly docker: DockerEngine;
  readonly behaviour: PullBehaviour;
  readonly registryAuth: RegistryAuth;
  readonly waiting: Waiting;
  /** How many attempts to make. */
  readonly attempts?: { readonly manifest: number; readonly pull: number };
};

/** AWS: attempts and delays for a manifest, and for the image itself. */
const manifestRetry = { attempts: 9, firstMs: 10, factor: 3, lastMs: 5_000 };
const pullRetry = { attempts: 5, firstMs: 1_100, factor: 2, lastMs: 5_000 };
/** LIMIT: pulls share the machine's bandwidth; more at once would only delay all of them. */
const pullsMax = 3;

/** Pulls images onto the host. Concurrent requests for an image share one pull. */
export class ImagePuller {
  readonly #options: ImagePullerOptions;
  readonly #underWay = new Map<string, Promise<PullOutcome>>();
  readonly #slots = new Slots(pullsMax);
  /**
   * What this process pulled, for the behaviour `once`.
   * DIFFERS: `once` means once per run of the agent: after a restart each image is pulled again when a task first needs it.
   */
  readonly #pulled = new Set<string>();

  constructor(options: ImagePullerOptions) {
    this.#options = options;
  }

  /** Rejects only if the wait was ended. */
  async pull(request: PullRequest): Promise<PullOutcome> {
    const { behaviour, registryAuth } = this.#options;
    const { image } = request;
    const named = digestIn(image);
    if (behaviour === "prefer-cached" || (behaviour === "once" && this.#pulled.has(image))) {
      if ((await this.#localImage(image)) !== null) return { type: "pulled", imageDigest: named };
    }
    let auth: string | null;
    try {
      auth = await registryAuth(request.taskArn, request.spec);
    } catch (error) {
      return { type: "pull-failed", reason: `CannotPullContainerAuthError: ${failureText(error)}` };
    }
    const key = `${auth ?? ""} ${image}`;
    const shared = this.#underWay.get(key) ?? this.#pullAnew(image, auth);
    this.#underWay.set(key, shared);
    try {
      return await shared;
    } finally {
      if (this.#underWay.get(key) === shared) this.#underWay.delete(key);
    }
  }

  async #pullAnew(image: string, auth: string | null): Promise<PullOutcome> {
    const { docker, behaviour, waiting } = this.#options;
    const { attempts = { manifest: manifestRetry.attempts, pull: pullRetry.attempts } } = this.#options;
    const { signal } = waiting;
    const named = digestIn(image);
    let manifestProblem: string | null = null;
    let digest = named;
    try {
      // AWS: a reference by digest already says what its manifest is.
      if (named === null) {
        const found = await waiting.retry({ ...manifestRetry, attempts: attempts.manifest }, () =>
          docker.distributionOf(image, auth, { signal }),
        );
        digest = found.Descriptor?.digest ?? null;
      }
    } catch (error) {
      signal.throwIfAborted();
      manifestProblem = `CannotPullImageManifestError: ${failureText(error)}`;
    }
    try {
      await waiting.retry({ ...pullRetry, attempts: attempts.pull }, () =>
        this.#slots.run(() => docker.pullImage(image, auth, { signal })),
      );
      this.#pulled.add(image);
      return { type: "pulled", imageDigest: digest ?? repoDigest(await this.#localImage(image), image) };
    } catch (error) {
      signal.throwIfAborted();
      const reason = manifestProblem ?? pullProblem(error);
      // AWS: by default an older copy is better than none.
      const local = behaviour === "default" || behaviour === "prefer-cached" ? await this.#localImage(image) : null;
      return local === null ? { type: "pull-failed", reason } : { type: "pulled", imageDigest: named, reason };
    }
  }

  /** Null also if nobody can say: the caller's next Docker call will fail anyway. */
  async #localImage(image: string): Promise<DockerImage | null> {
    const { docker, waiting } = this.#options;
    try {
      return await waiting.whileAway(() => docker.inspectImage(image, { signal: waiting.signal }));
    } catch {
      waiting.signal.throwIfAborted();
      return null;
    }
  }
}

function pullProblem(error: unknown): string {
  if (error instanceof DockerTimeout) {
    return `DockerTimeoutError: Could not transition to pulled; timed out after waiting ${error.timeoutMs / 1_000}s`;
  }
  return `CannotPullContainerError: ${failureText(error)}`;
}

/** The digest that the reference itself names, or null. */
export function digestIn(image: string): string | null {
  const at = image.indexOf("@");
  return at < 0 ? null : image.slice(at + 1);
}

/** The digest of the image in the reference's repository, or null. */
export function repoDigest(image: DockerImage | null, reference: string): string | null {
  const wanted = familiarName(splitReference(reference).name);
  for (const found of image?.RepoDigests ?? []) {
    const { name, tag } = splitReference(found);
    if (familiarName(name) === wanted) return tag;
  }
  return null;
}

/** Docker leaves out the name of its own registry. */
const familiarName = (name: string): string => name.replace(/^(?:index\.)?docker\.io\//, "").replace(/^library\//, "");
