/** Names for things with random ids, in the order in which they appear, so that two seeds give the same text. */
import { must } from "../../src/lib/assert.ts";

type Kind = "task" | "instance" | "deployment" | "service-deployment" | "revision" | "id";

const kindsOfArns: Readonly<Record<string, Kind>> = {
  task: "task",
  "container-instance": "instance",
  "service-deployment": "service-deployment",
  "service-revision": "revision",
};

const ids = /arn:aws:[a-z]+:[\w:/.@-]*\w|ecs-svc\/\d{19}|\b[0-9a-f]{32}\b/g;

export class Aliases {
  readonly #names = new Map<string, string>();
  readonly #ids = new Map<string, string>();
  readonly #arns = new Map<string, string>();
  readonly #counts = new Map<Kind, number>();

  /** The name of the thing with this ARN: `task-3`, `instance-1`, `service web`. */
  of(arn: string): string {
    const [, resource = ""] = /^arn:aws:[a-z]+:[^:]*:[^:]*:(.+)$/.exec(arn) ?? [];
    const parts = resource.split("/");
    const id = must(parts.at(-1), "the end of an ARN");
    const kind = kindsOfArns[parts[0] ?? ""];
    if (kind !== undefined) {
      const name = this.#named(kind, id);
      this.#arns.set(name, arn);
      return name;
    }
    return parts[0] === "service" ? `service ${id}` : id;
  }

  /** A text with every ARN and id in it replaced by its name. */
  plain(text: string): string {
    return text.replace(ids, (found) => {
      if (found.startsWith("arn:")) return this.of(found);
      if (found.startsWith("ecs-svc/")) return this.#named("deployment", found);
      return this.#names.get(found) ?? this.#named("id", found);
    });
  }

  /** The ARN of the thing that has this name by now, or null. */
  arnOf(name: string): string | null {
    return this.#arns.get(name) ?? null;
  }

  /** The id of the thing that has this name by now, or null. */
  idOf(name: string): string | null {
    return this.#ids.get(name) ?? null;
  }

  #named(kind: Kind, id: string): string {
    const known = this.#names.get(id);
    if (known !== undefined) return known;
    const number = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, number);
    const name = `${kind}-${number}`;
    this.#names.set(id, name);
    this.#ids.set(name, id);
    return name;
  }
}
