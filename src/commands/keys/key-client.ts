import { connect } from "node:net";
import type { CreatedKey, ListedKey, Rotation } from "../../auth/access-keys.ts";
import type { KeyAdministration, KeyAnswer, KeyCall } from "../../auth/key-administration.ts";
import { AccessKeyError, type KeyRequest } from "../../auth/key-request.ts";
import { keySocketPath } from "../../server/http/key-socket.ts";
import { StartError } from "../../server/start-error.ts";

/** LIMIT: a list of 10,000 keys, each bound to 20 clusters with very long names. */
const answerBytesMax = 64 * 1_048_576;
/** LIMIT: an answer takes as long as one append; after this the command reports that the server hangs. */
const answerTimeoutMs = 15_000;

/** The process that holds the data directory has no key socket: it is another command, an older version, or still starting. */
export class NoKeySocketError extends Error {
  override readonly name = "NoKeySocketError";
}

/**
 * The access keys of a running server, over the socket in its data directory. Calls reject with NoKeySocketError if there is
 * none.
 */
export class KeyClient implements KeyAdministration {
  readonly #dataDir: string;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  createKey(request: KeyRequest): Promise<CreatedKey> {
    return this.#call("createKey", request) as Promise<CreatedKey>;
  }

  rotateKey(accessKeyId: string, rotation: Rotation): Promise<CreatedKey | null> {
    return this.#call("rotateKey", accessKeyId, rotation) as Promise<CreatedKey | null>;
  }

  listKeys(): Promise<ListedKey[]> {
    return this.#call("listKeys") as Promise<ListedKey[]>;
  }

  deleteKey(accessKeyId: string): Promise<boolean> {
    return this.#call("deleteKey", accessKeyId) as Promise<boolean>;
  }

  async #call(call: keyof KeyAdministration, ...given: readonly unknown[]): Promise<unknown> {
    const answer = JSON.parse(await this.#ask({ call, arguments: given })) as KeyAnswer;
    if ("value" in answer) return answer.value;
    if ("refusal" in answer) throw new AccessKeyError(answer.refusal);
    throw new StartError(`The running server could not do it (${answer.failure}). Its log says more.`);
  }

  #ask(call: KeyCall): Promise<string> {
    const { path, release } = keySocketPath(this.#dataDir);
    return new Promise<string>((resolve, reject) => {
      const socket = connect(path);
      let text = "";
      const cut = (): void => {
        socket.destroy(new StartError("The running server does not answer."));
      };
      socket.setEncoding("utf8");
      socket.setTimeout(answerTimeoutMs, cut);
      socket.once("connect", () => socket.write(`${JSON.stringify(call)}\n`));
      socket.on("data", (chunk: string) => {
        text += chunk;
        if (text.length > answerBytesMax) cut();
      });
      socket.once("error", (error: NodeJS.ErrnoException) => {
        const isAbsent = error.code === "ENOENT" || error.code === "ECONNREFUSED" || error.code === "EACCES";
        reject(isAbsent ? new NoKeySocketError(error.message, { cause: error }) : error);
      });
      socket.once("close", () => {
        if (text.endsWith("\n")) resolve(text);
        else reject(new StartError("The running server closed the connection without an answer."));
      });
    }).finally(release);
  }
}
