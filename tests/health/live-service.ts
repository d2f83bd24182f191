/** A service in a real server, and what happens to it. */
import assert from "node:assert/strict";
import { ECS, type Service } from "@aws-sdk/client-ecs";
import { untilFound } from "../until.ts";

export class LiveService {
  readonly ecs: ECS;

  constructor(url: string) {
    const credentials = { accessKeyId: "any", secretAccessKey: "any" };
    // One attempt: a wrong answer must not be repeated until it is right.
    this.ecs = new ECS({ endpoint: url, region: "us-east-1", credentials, maxAttempts: 1 });
  }

  async create(desiredCount: number): Promise<void> {
    const taskDefinition = await this.revision();
    await this.ecs.createService({ serviceName: "web", taskDefinition, desiredCount });
    await this.untilSteady();
  }

  async revision(): Promise<string> {
    const { taskDefinition } = await this.ecs.registerTaskDefinition({
      family: "web",
      containerDefinitions: [{ name: "app", image: "nginx", cpu: 16, memory: 16 }],
    });
    return taskDefinition?.taskDefinitionArn ?? "";
  }

  /** Rolls a new revision out and resolves with how many seconds that took. */
  async rollOut(): Promise<number> {
    const begin = performance.now();
    const taskDefinition = await this.revision();
    await this.ecs.updateService({ service: "web", taskDefinition });
    const { taskDefinition: now } = await this.untilSteady();
    assert.equal(now, taskDefinition);
    return (performance.now() - begin) / 1_000;
  }

  async untilSteady(): Promise<Service> {
    return untilFound("the service is steady", async () => {
      const { services = [] } = await this.ecs.describeServices({ services: ["web"] });
      const [service] = services;
      const [deployment, ...more] = service?.deployments ?? [];
      const isSteady =
        more.length === 0 &&
        deployment?.rolloutState === "COMPLETED" &&
        service?.runningCount === service?.desiredCount;
      return isSteady && service !== undefined ? service : null;
    });
  }

  async tasks(): Promise<string[]> {
    const { taskArns = [] } = await this.ecs.listTasks({ serviceName: "web" });
    return taskArns.toSorted();
  }
}

export type HealthReply = {
  readonly status: number;
  readonly healthy: boolean;
  readonly reasons: readonly string[];
  readonly warnings: readonly string[];
  readonly clockOffsetSeconds: number;
  readonly failed: readonly { readonly partition: string; readonly state: string; readonly reads: boolean }[];
};

export async function healthAt(url: string): Promise<HealthReply> {
  const reply = await fetch(`${url}/health`);
  return { status: reply.status, ...((await reply.json()) as Omit<HealthReply, "status">) };
}
