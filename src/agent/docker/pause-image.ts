import type { DockerEngine } from "./docker-engine.ts";
import { DockerError, isNotFound } from "./docker-error.ts";
import { pauseArchitectures, pauseProgram, tarOfOne } from "./pause-program.ts";

const repository = "berth/pause";
/** Another one when the program changes. */
const version = "1";
export const pauseImage = `${repository}:${version}`;

/** The image of pause containers, which is made on the host when it is not there; no registry knows it. */
export class PauseImage {
  readonly #docker: DockerEngine;
  #present: Promise<void> | null = null;

  constructor(docker: DockerEngine) {
    this.#docker = docker;
  }

  /** Resolves when the image is there. Rejects with the engine's error, or for an architecture that we have no program for. */
  ensure(): Promise<void> {
    this.#present ??= this.#make().catch((error: unknown) => {
      this.#present = null;
      throw error;
    });
    return this.#present;
  }

  /** Somebody may have removed it. */
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
