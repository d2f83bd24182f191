import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Log } from "../../../lib/log-events.ts";

/** What Docker sends to a registry. */
export type DockerLogin = {
  readonly serveraddress: string;
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
};

type DockerConfig = {
  readonly auths?: Readonly<Record<string, { readonly auth?: string; readonly identitytoken?: string }>>;
  readonly credHelpers?: Readonly<Record<string, string>>;
  readonly credsStore?: string;
};

/** LIMIT: helpers ask a keychain or one service; whoever waits longer is better off without. */
const helperMs = 10_000;
/** LIMIT: a helper answers with one login. */
const helperCharactersMax = 65_536;
/** The name under which Docker keeps the login of its own registry. */
const dockerHub = "https://index.docker.io/v1/";

/** The folder of Docker's configuration for this process. */
export const dockerConfigFolder = (environment: NodeJS.ProcessEnv = process.env): string =>
  environment.DOCKER_CONFIG || join(environment.HOME || homedir(), ".docker");

/** The logins of `docker login`, in `config.json` or with helpers (docker-credential-*). Read at each pull, so that a login counts at once. */
export class DockerLogins {
  readonly #folder: string;
  readonly #log: Log;

  constructor(folder: string, log: Log) {
    this.#folder = folder;
    this.#log = log;
  }

  /** The login for the registry of `image`, or null. Never rejects: without a login the registry has the last word. */
  async for(image: string): Promise<DockerLogin | null> {
    const registry = registryOf(image);
    try {
      const config = await this.#config();
      const names = registry === null ? [dockerHub] : [registry, `https://${registry}`, `https://${registry}/v1/`];
      const helper = names.flatMap((name) => config.credHelpers?.[hostOf(name)] ?? [])[0] ?? config.credsStore;
      for (const name of names) {
        const stored = config.auths?.[name];
        const login = stored === undefined ? null : loginIn(stored, name);
        if (login !== null) return login;
        // A store may hold logins that the file does not name.
        const fromHelper = helper === undefined ? null : await this.#ask(helper, name);
        if (fromHelper !== null) return fromHelper;
      }
    } catch (error) {
      this.#log("registry-logins-unreadable", { err: error, folder: this.#folder });
    }
    return null;
  }

  async #config(): Promise<DockerConfig> {
    try {
      return Object(JSON.parse(await readFile(join(this.#folder, "config.json"), "utf8"))) as DockerConfig;
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return {};
      throw error;
    }
  }

  async #ask(helper: string, server: string): Promise<DockerLogin | null> {
    if (!/^[\w.-]+$/.test(helper)) throw new Error(`${JSON.stringify(helper)} is not the name of a helper`);
    const answer = await runHelper(`docker-credential-${helper}`, server);
    if (answer === null) return null;
    const { Username, Secret } = Object(JSON.parse(answer)) as {
      readonly Username?: unknown;
      readonly Secret?: unknown;
    };
    if (typeof Username !== "string" || typeof Secret !== "string" || Secret === "") return null;
    if (Username === "<token>") return { serveraddress: server, identitytoken: Secret };
    return { serveraddress: server, username: Username, password: Secret };
  }
}

/** The answer of a helper, or null if it has no login. Rejects if it cannot be run or hangs. */
function runHelper(program: string, server: string): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const helper = spawn(program, ["get"], {
      stdio: ["pipe", "pipe", "ignore"],
      timeout: helperMs,
      killSignal: "SIGKILL",
    });
    let answer = "";
    helper.stdout.setEncoding("utf8").on("data", (text: string) => {
      answer += text;
      if (answer.length > helperCharactersMax) helper.kill("SIGKILL");
    });
    helper.on("error", reject);
    // It may end without reading.
    helper.stdin.on("error", () => {});
    helper.stdin.end(server);
    helper.on("close", (code, signal) => {
      if (signal !== null)
        reject(new Error(`${program} was ended: it took longer than ${helperMs / 1_000} s or wrote too much`));
      else resolve(code === 0 ? answer : null);
    });
  });
}

function loginIn(
  { auth, identitytoken }: { readonly auth?: string; readonly identitytoken?: string },
  name: string,
): DockerLogin | null {
  if (identitytoken) return { serveraddress: name, identitytoken };
  const text = Buffer.from(auth ?? "", "base64").toString("utf8");
  const colon = text.indexOf(":");
  if (colon <= 0) return null;
  return { serveraddress: name, username: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, "") };
}

const hostOf = (name: string): string => name.replace(/^https?:\/\//, "").replace(/\/.*$/, "");

/** The registry that a reference names. Null: Docker's own. */
export function registryOf(image: string): string | null {
  const [first = "", ...rest] = image.split("/");
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  return !isHost || first === "docker.io" || first === "index.docker.io" ? null : first;
}
