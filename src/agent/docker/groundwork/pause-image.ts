import type { DockerEngine } from "../engine/docker-engine.ts";
import { DockerError, isNotFound } from "../engine/docker-error.ts";
import { pauseArchitectures, pauseProgram, tarOfOne } from "./pause-program.ts";

const repository = "berth/pause";
/** Change it whenever the program changes. */
const version = "1";
export const pauseImage = `${repository}:${version}`;

/** The image of pause containers. Berth builds it on the host if it is missing, because no registry has it. */
export class PauseImage {
  readonly #docker: DockerEngine;
  #present: Promise<void> | null = null;

  constructor(docker: DockerEngine) {
    this.#docker = docker;
  }

  /** Resolves when the image exists. Rejects with the engine's error, or if there is no program for the architecture. */
  ensure(): Promise<void> {
    this.#present ??= this.#make().catch((error: unknown) => {
      this.#present = null;
      throw error;
    });
    return this.#present;
  }

  /** The image may have been removed: check again next time. */
  forget(): void {
    this.#present = null;
  }

  async #make(): Promise<void> {
    try {
      await this.#docker.inspectImage(pauseImage);
      return;
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    const said = (await this.#docker.version()).Arch ?? "";
    const architecture = pauseArchitectures.find((candidate) => candidate === said);
    if (architecture === undefined) {
      throw new DockerError(500, `there is no pause program for the architecture "${said}"`, "GET /version");
    }
    const archive = tarOfOne("pause", pauseProgram(architecture));
    await this.#docker.importImage(archive, repository, version, ['ENTRYPOINT ["/pause"]']);
  }
}
