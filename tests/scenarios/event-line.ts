/** An event of the stream as a line: for a task or an instance what is new in it, for a service its message. */
import type { EcsEvent } from "../../src/ecs/events/event.ts";
import type { Aliases } from "./aliases.ts";

type Detail = Readonly<Record<string, unknown>>;
type Container = {
  readonly name: string;
  readonly exitCode?: number;
  readonly reason?: string;
  readonly healthStatus?: string;
};
type Attachment = { readonly status: string };
type EventResource = { readonly name: string; readonly integerValue?: number; readonly stringSetValue?: string[] };

export class EventLines {
  readonly #aliases: Aliases;
  /** The last facts of each subject. */
  readonly #told = new Map<string, Map<string, string>>();

  constructor(aliases: Aliases) {
    this.#aliases = aliases;
  }

  /** The subject of an event and what the event says about it. */
  line({ detailType, resources: [subject = ""], detail }: EcsEvent): readonly [subject: string, text: string] {
    const name = this.#aliases.of(subject);
    switch (detailType) {
      case "ECS Task State Change":
        return [name, this.#task(name, detail)];
      case "ECS Container Instance State Change":
        return [name, this.#instance(name, detail)];
      case "ECS Service Action":
      case "ECS Deployment State Change":
        return [name, this.#service(detail)];
    }
  }

  #task(name: string, detail: Detail): string {
    const { lastStatus, desiredStatus, version } = detail as Record<string, string>;
    const head = `v${version} ${lastStatus}${desiredStatus === "STOPPED" && lastStatus !== "STOPPED" ? ", desired STOPPED" : ""}`;
    const definition = String(detail.taskDefinitionArn).split("/").at(-1);
    const containers = detail.containers as readonly Container[];
    const facts: Record<string, string | undefined> = {
      definition,
      group: text(detail.group),
      startedBy: detail.startedBy === undefined ? undefined : this.#aliases.plain(String(detail.startedBy)),
      provider: text(detail.capacityProviderName ?? detail.launchType),
      on: detail.containerInstanceArn === undefined ? undefined : this.#aliases.of(String(detail.containerInstanceArn)),
      zone: detail.containerInstanceArn === undefined ? text(detail.availabilityZone) : undefined,
      attachments: (detail.attachments as readonly Attachment[]).map(({ status }) => status).join() || undefined,
      connectivity: text(detail.connectivity),
      stopCode: text(detail.stopCode),
      stoppedReason: quoted(detail.stoppedReason, this.#aliases),
      health: containers
        .map(({ healthStatus }) => healthStatus)
        .find((status) => status !== undefined && status !== "UNKNOWN"),
      exitCode: containers.map(({ exitCode }) => exitCode).join() || undefined,
      reason: quoted(containers.find(({ reason }) => reason !== undefined)?.reason, this.#aliases),
    };
    return `${head}${this.#news(name, facts)}`;
  }

  #instance(name: string, detail: Detail): string {
    const { status, version } = detail as Record<string, string>;
    const remaining = detail.remainingResources as readonly EventResource[];
    const amount = (of: string) => remaining.find((resource) => resource.name === of)?.integerValue;
    const facts: Record<string, string | undefined> = {
      agentConnected: String(detail.agentConnected),
      provider: text(detail.capacityProviderName),
      statusReason: quoted(detail.statusReason, this.#aliases),
      free: `${amount("CPU")} CPU, ${amount("MEMORY")} MiB`,
    };
    return `v${version} ${status}${this.#news(name, facts)}`;
  }

  #service({
    eventType,
    eventName,
    reason,
    deploymentId,
    capacityProviderArns,
    containerInstanceArns,
  }: Detail): string {
    const parts = [`${eventType} ${eventName}`];
    if (deploymentId !== undefined) parts.push(this.#aliases.plain(String(deploymentId)));
    if (reason !== undefined) parts.push(`"${this.#aliases.plain(String(reason))}"`);
    for (const arns of [capacityProviderArns, containerInstanceArns] as readonly (readonly string[] | undefined)[]) {
      if (arns !== undefined) parts.push(`[${arns.map((arn) => this.#aliases.of(arn)).join(", ")}]`);
    }
    return parts.join(" ");
  }

  /** The facts that are new or different for the subject. */
  #news(name: string, facts: Readonly<Record<string, string | undefined>>): string {
    const known = this.#told.get(name) ?? new Map<string, string>();
    this.#told.set(name, known);
    let news = "";
    for (const [fact, value] of Object.entries(facts)) {
      if (value === undefined || known.get(fact) === value) continue;
      known.set(fact, value);
      news += ` ${fact}=${value}`;
    }
    return news;
  }
}

const text = (value: unknown): string | undefined => (value === undefined ? undefined : String(value));

const quoted = (value: unknown, aliases: Aliases): string | undefined =>
  value === undefined ? undefined : `"${aliases.plain(String(value))}"`;
