import type { MetadataVersion } from "./container-metadata.ts";
import { ContainerStats } from "./container-stats.ts";
import { credentialsAnswer } from "./credentials-endpoint.ts";
import type { EndpointIds } from "./endpoint-ids.ts";
import type { Asker, EndpointAnswer, EndpointSources } from "./endpoint-sources.ts";
import { TaskMetadata } from "./task-metadata.ts";
import { protectionAnswer, protectionRequest, unknownProtectionId } from "./task-protection-endpoint.ts";

const notFound: EndpointAnswer = { status: 404, body: "404 page not found" };
const wrongMethod: EndpointAnswer = { status: 405, body: "405 method not allowed" };
const ok = (body: unknown): EndpointAnswer => ({ status: 200, body });

/** What a container may read, by the path after its id, with the text of the refusal if the id is unknown. */
const readings: Readonly<Record<string, { readonly handler: string; readonly wants: "container ID" | "task arn" }>> = {
  "": { handler: "container metadata", wants: "container ID" },
  "/task": { handler: "task metadata", wants: "task arn" },
  "/taskWithTags": { handler: "task metadata", wants: "task arn" },
  "/stats": { handler: "container stats", wants: "task arn" },
  "/task/stats": { handler: "task stats", wants: "task arn" },
};

/**
 * The endpoints' answers to a request. Of HTTP it knows only method, path and body.
 * DIFFERS: `berth agent` does not serve metadata of version 2 (found by the caller's address), associations or the fault injection paths to containers.
 */
export class EndpointRoutes {
  readonly #sources: EndpointSources;
  readonly #ids: EndpointIds;
  readonly #metadata: TaskMetadata;
  readonly #stats: ContainerStats;

  constructor(sources: EndpointSources, ids: EndpointIds) {
    this.#sources = sources;
    this.#ids = ids;
    this.#metadata = new TaskMetadata(sources);
    this.#stats = new ContainerStats(sources);
  }

  async answer(method: string, path: string, body: string): Promise<EndpointAnswer> {
    const credentials = /^\/v2\/credentials(?:\/([^/]*))?\/?$/.exec(path);
    if (credentials !== null) {
      return method === "GET" ? await credentialsAnswer(this.#sources, credentials[1] ?? "") : wrongMethod;
    }
    const metadata = /^\/(v3|v4)\/([^/]+)(.*?)\/?$/.exec(path);
    if (metadata !== null) {
      const [, version = "", id = "", what = ""] = metadata;
      return method === "GET" ? await this.#read(version as MetadataVersion, id, what) : wrongMethod;
    }
    const protection = /^\/api\/([^/]+)\/task-protection\/v1\/state\/?$/.exec(path);
    return protection === null ? notFound : await this.#protection(method, protection[1] ?? "", body);
  }

  async #read(version: MetadataVersion, id: string, what: string): Promise<EndpointAnswer> {
    const reading = readings[what];
    if (reading === undefined) return notFound;
    const asker = this.#ids.find(id);
    if (asker === null) {
      const subject = reading.wants === "task arn" ? "task Arn" : "docker ID";
      const name = version.toUpperCase();
      const found = `unable to get ${reading.wants} from request: unable to get ${subject} from v3 endpoint ID: ${id}`;
      return { status: 404, body: `${name} ${reading.handler} handler: ${found}` };
    }
    return ok(await this.#readingOf(version, what, asker));
  }

  #readingOf(version: MetadataVersion, what: string, asker: Asker): Promise<unknown> {
    switch (what) {
      case "":
        return this.#metadata.ofContainer(asker, version);
      case "/stats":
        return this.#stats.ofContainer(asker);
      case "/task/stats":
        return this.#stats.ofTask(asker);
      default:
        return this.#metadata.ofTask(asker, version, what === "/taskWithTags");
    }
  }

  async #protection(method: string, id: string, body: string): Promise<EndpointAnswer> {
    if (method !== "GET" && method !== "PUT") return wrongMethod;
    const asker = this.#ids.find(id);
    if (asker === null) return unknownProtectionId;
    const request = method === "GET" ? ({ method } as const) : protectionRequest(asker.task.arn, body);
    return "status" in request ? request : await protectionAnswer(this.#sources, asker, request);
  }
}
