import type { PayloadContainer } from "../../../agent-protocol/to-agent/payload-container.ts";
import { Slots } from "../../slots.ts";
import { SecretError } from "../../task-services/task-secrets.ts";
import type { DockerImage } from "../engine/docker-answers.ts";
import { type DockerEngine, splitReference } from "../engine/docker-engine.ts";
import { DockerError, DockerTimeout, failureText } from "../engine/docker-error.ts";
import type { Waiting } from "../waiting.ts";
import type { ImageMap } from "./image-map.ts";
import { type ImageAccess, type RegistryAccess, RegistryAccessError } from "./registry-access.ts";

/** AWS: the values of ECS_IMAGE_PULL_BEHAVIOR. */
export const pullBehaviours = ["default", "always", "once", "prefer-cached"] as const;
export type PullBehaviour = (typeof pullBehaviours)[number];

export type PullRequest = { readonly taskArn: string; readonly image: string; readonly spec: PayloadContainer };

export type PullOutcome =
  | { readonly type: "pulled"; readonly imageDigest: string | null; readonly reason?: string }
  | { readonly type: "pull-failed"; readonly reason: string };

export type ImagePullerOptions = {
  readonly docker: DockerEngine;
  readonly behaviour: PullBehaviour;
  /** Null: every image is pulled without a login. */
  readonly registries: RegistryAccess | null;
  readonly images: ImageMap;
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

  /**
   * Pulls the image, or what the image map puts in its place. Null if the task's own preparation fails and says why. Rejects only if
   * the wait was ended.
   */
  async pull(request: PullRequest): Promise<PullOutcome | null> {
    const { behaviour, images } = this.#options;
    const mapped = images.imageFor(request.image);
    const image = mapped ?? request.image;
    // An image that somebody put in place of another is meant as it is on this host.
    const prefersLocal = behaviour === "prefer-cached" || mapped !== null;
    if (prefersLocal || (behaviour === "once" && this.#pulled.has(image))) {
      const local = await this.#localImage(image);
      if (local !== null) return { type: "pulled", imageDigest: runningDigest(local, image, mapped !== null) };
    }
    const outcome = await this.#pullFor({ ...request, image });
    if (outcome?.type !== "pull-failed" || mapped === null) return outcome;
    return { ...outcome, reason: `${outcome.reason} (--image-map puts ${mapped} in place of ${request.image})` };
  }

  async #pullFor({ taskArn, image, spec }: PullRequest): Promise<PullOutcome | null> {
    let access: ImageAccess = { reference: image, auth: null };
    try {
      access = (await this.#options.registries?.to(image, taskArn, spec)) ?? access;
    } catch (error) {
      this.#options.waiting.signal.throwIfAborted();
      if (error instanceof SecretError) return null;
      const reason =
        error instanceof RegistryAccessError ? error.message : `CannotPullContainerAuthError: ${failureText(error)}`;
      return await this.#localInstead(image, reason);
    }
    const key = `${access.auth ?? ""} ${access.reference}`;
    const shared = this.#underWay.get(key) ?? this.#pullAnew(image, access);
    this.#underWay.set(key, shared);
    try {
      return await shared;
    } finally {
      if (this.#underWay.get(key) === shared) this.#underWay.delete(key);
    }
  }

  async #pullAnew(image: string, { reference, auth }: ImageAccess): Promise<PullOutcome> {
    const { docker, waiting } = this.#options;
    const { attempts = { manifest: manifestRetry.attempts, pull: pullRetry.attempts } } = this.#options;
    const { signal } = waiting;
    const named = digestIn(image);
    let manifestProblem: string | null = null;
    let digest = named;
    try {
      // AWS: a reference by digest already says what its manifest is.
      if (named === null) {
        const found = await waiting.retry({ ...manifestRetry, attempts: attempts.manifest, isFinal: isOffline }, () =>
          docker.distributionOf(reference, auth, { signal }),
        );
        digest = found.Descriptor?.digest ?? null;
      }
    } catch (error) {
      signal.throwIfAborted();
      if (isOffline(error)) return await this.#localInstead(image, offlineProblem(error, image));
      manifestProblem = `CannotPullImageManifestError: ${failureText(error)}`;
    }
    try {
      await waiting.retry({ ...pullRetry, attempts: attempts.pull, isFinal: isOffline }, () =>
        this.#slots.run(() => docker.pullImage(reference, auth, { signal })),
      );
      await this.#rename(reference, image);
      this.#pulled.add(image);
      return { type: "pulled", imageDigest: digest ?? repoDigest(await this.#localImage(image), image) };
    } catch (error) {
      signal.throwIfAborted();
      const reason = isOffline(error) ? offlineProblem(error, image) : (manifestProblem ?? pullProblem(error));
      return await this.#localInstead(image, reason);
    }
  }

  /** AWS: by default an older copy is better than none. */
  async #localInstead(image: string, reason: string): Promise<PullOutcome> {
    const { behaviour } = this.#options;
    const local = behaviour === "default" || behaviour === "prefer-cached" ? await this.#localImage(image) : null;
    if (local === null) return { type: "pull-failed", reason };
    return { type: "pulled", imageDigest: digestIn(image), reason };
  }

  /** Gives an image from another registry the name that the task definition has for it. */
  async #rename(reference: string, image: string): Promise<void> {
    if (reference === image) return;
    const { name, tag } = splitReference(digestName(image) ?? image);
    await this.#options.docker.tagImage(reference, name, tag, { signal: this.#options.waiting.signal });
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

/** Docker's words for a registry that cannot be reached. Another attempt within seconds finds the same. */
const isOffline = (error: unknown): boolean =>
  error instanceof DockerError &&
  /no such host|server misbehaving|network is unreachable|name resolution|connection refused/.test(error.message);

const offlineProblem = (error: unknown, image: string): string =>
  `CannotPullContainerError: ${failureText(error)}. The image is not on this host: build or load it, or put another in its place with --image-map '${image}=IMAGE'`;

/** The digest of an image that is on the host. For one in place of another, its id if no registry knows it. */
function runningDigest(local: DockerImage, image: string, isMapped: boolean): string | null {
  return digestIn(image) ?? repoDigest(local, image) ?? (isMapped ? local.Id : null);
}

/**
 * The name with a tag for an image by digest that came from another registry than it names. Docker keeps a digest only under the name
 * of the registry that it came from.
 */
export function digestName(image: string): string | null {
  const digest = digestIn(image);
  return digest === null ? null : `${splitReference(image).name}:${digest.replace(":", "-")}`;
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
