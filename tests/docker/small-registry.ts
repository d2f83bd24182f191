/** A registry of images in memory, for tests: it serves one image of busybox to whoever knows the password. */
import { hash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { busyboxArchive } from "./docker-host.ts";

const types = {
  manifest: "application/vnd.docker.distribution.manifest.v2+json",
  config: "application/vnd.docker.container.image.v1+json",
  layer: "application/vnd.docker.image.rootfs.diff.tar.gzip",
};
const digestOf = (bytes: Uint8Array): string => `sha256:${hash("sha256", bytes, "hex")}`;

export class SmallRegistry {
  /** User name and password of every pull, and the requests. */
  readonly logins: string[] = [];
  readonly digest: string;
  readonly #blobs: ReadonlyMap<string, Uint8Array>;
  readonly #manifest: Uint8Array;
  readonly #login: string;
  readonly #server: Server;

  private constructor(login: string, manifest: Uint8Array, blobs: ReadonlyMap<string, Uint8Array>) {
    this.#login = login;
    this.#manifest = manifest;
    this.#blobs = blobs;
    this.digest = digestOf(manifest);
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  /** `login` as `name:password`. */
  static async open(login: string): Promise<SmallRegistry> {
    const archive = await busyboxArchive();
    const layer = gzipSync(archive, { level: 1 });
    const config = Buffer.from(
      JSON.stringify({
        architecture: "amd64",
        os: "linux",
        config: { Env: ["PATH=/bin"], Cmd: ["/bin/sh"] },
        rootfs: { type: "layers", diff_ids: [digestOf(archive)] },
        // Each registry's image is another, so that tests do not remove each other's.
        created: new Date().toISOString(),
      }),
    );
    const entry = (mediaType: string, bytes: Uint8Array) => ({
      mediaType,
      size: bytes.length,
      digest: digestOf(bytes),
    });
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: types.manifest,
        config: entry(types.config, config),
        layers: [entry(types.layer, layer)],
      }),
    );
    const blobs = new Map([config, layer].map((bytes) => [digestOf(bytes), bytes] as const));
    const registry = new SmallRegistry(login, manifest, blobs);
    registry.#server.listen(0, "127.0.0.1");
    await once(registry.#server, "listening");
    return registry;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }

  #answer({ headers, method, url = "" }: IncomingMessage, response: ServerResponse): void {
    const login = Buffer.from(/^Basic (.*)$/.exec(headers.authorization ?? "")?.[1] ?? "", "base64").toString();
    if (login !== this.#login) {
      response
        .writeHead(401, { "www-authenticate": 'Basic realm="small"' })
        .end('{"errors":[{"code":"UNAUTHORIZED"}]}');
      return;
    }
    this.logins.push(login);
    const [, kind, name = ""] = /\/(manifests|blobs)\/([^/]+)$/.exec(url) ?? [];
    const found = kind === "manifests" ? this.#manifest : this.#blobs.get(name);
    if (url === "/v2/") response.writeHead(200).end("{}");
    else if (found === undefined) response.writeHead(404).end('{"errors":[{"code":"NOT_FOUND"}]}');
    else {
      const type = kind === "manifests" ? types.manifest : "application/octet-stream";
      const about = { "content-type": type, "content-length": found.length, "docker-content-digest": digestOf(found) };
      response.writeHead(200, about).end(method === "HEAD" ? undefined : found);
    }
  }
}
