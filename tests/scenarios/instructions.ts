/** The instructions that a scenario's lines can use. docs/checklists/write-a-scenario.md describes them for people. */
import { targetOf } from "../../src/ecs/documents/rollout.ts";
import type { Service } from "../../src/ecs/documents/service.ts";
import { must } from "../../src/lib/assert.ts";
import { place } from "../../src/simulator/world.ts";
import { duration, type Line, ScenarioError } from "./parse-scenario.ts";
import { serviceRequest, strategyOf, taskRequest } from "./service-options.ts";
import { showDrain, showInstances, showPlan, showService } from "./show.ts";
import type { Stage } from "./stage.ts";

type Instruction = (stage: Stage, line: Line) => Promise<unknown>;

/** Berth looks at a service within a second after something changed. Before that it may seem steady. */
const lookMs = 2_000;

export const instructions: Readonly<Record<string, Instruction>> = {
  instances: addInstances,
  "task-definition": registerTaskDefinition,
  "create-service": (stage, line) => stage.call("CreateService", { serviceName: word(line), ...serviceRequest(line) }),
  "update-service": (stage, line) => stage.call("UpdateService", { service: word(line), ...serviceRequest(line) }),
  "delete-service": (stage, line) =>
    stage.call("DeleteService", { service: word(line), force: line.words[1] === "force" }),
  "stop-service-deployment": stopServiceDeployment,
  "run-task": (stage, line) => stage.call("RunTask", { taskDefinition: word(line), ...taskRequest(line) }),
  "stop-task": (stage, line) => {
    const reason = line.options.get("reason");
    return stage.call("StopTask", { task: arn(stage, line), ...(reason === undefined ? {} : { reason }) });
  },
  "protect-task": (stage, line) => protect(stage, line, true),
  "unprotect-task": (stage, line) => protect(stage, line, false),
  drain: (stage, line) => startDrain(stage, line),
  activate: (stage, line) =>
    stage.call("UpdateContainerInstancesState", { containerInstances: arns(stage, line), status: "ACTIVE" }),
  "cancel-drain": (stage, line) => stage.call("CancelDrain", { containerInstances: arns(stage, line) }),
  deregister: (stage, line) =>
    stage.call("DeregisterContainerInstance", {
      containerInstance: arn(stage, line),
      force: line.words[1] === "force",
    }),
  "put-attribute": (stage, line) => {
    const attributes = [...line.options].map(([name, value]) => ({ name, value, targetId: arn(stage, line) }));
    return stage.call("PutAttributes", { attributes });
  },
  "agent-away": async (stage, line) => {
    stage.host(word(line)).kill({ quiet: false });
    await stage.world.clock.settle();
  },
  "agent-back": async (stage, line) => stage.host(word(line)).boot({ rebooted: false }),
  "lost-agent-policy": (stage, line) => {
    const replaceAfter = line.options.get("replace-after");
    const replaceAfterSeconds =
      replaceAfter === undefined ? {} : { replaceAfterSeconds: duration(line, replaceAfter) / 1_000 };
    return stage.call("PutLostAgentPolicy", replaceAfterSeconds);
  },
  "create-capacity-provider": (stage, line) =>
    stage.call("CreateCapacityProvider", {
      name: word(line),
      autoScalingGroupProvider: { autoScalingGroupArn: groupArn(word(line)) },
    }),
  "put-capacity-providers": (stage, line) => {
    const defaults = line.options.get("default");
    return stage.call("PutClusterCapacityProviders", {
      cluster: "default",
      capacityProviders: line.words,
      defaultCapacityProviderStrategy: defaults === undefined ? [] : strategyOf(defaults),
    });
  },
  wait,
  pass: (stage, line) => stage.pass(duration(line, line.words[0])),
  show,
  "plan-drain": (stage, line) => showPlan(stage, arns(stage, line)),
};

/** What `wait` can wait for. Each returns when it holds. */
const conditions: Readonly<Record<string, (stage: Stage, line: Line) => () => boolean>> = {
  /** `wait steady web`: as a waiter sees it, and with all tasks healthy. */
  steady: (stage, line) => () => (stage.condition(line.words[1] ?? "")?.steadySince ?? null) !== null,
  /** `wait rollout web FAILED` */
  rollout: (stage, line) => () => {
    const rollout = stage.rollout(line.words[1] ?? "");
    return rollout !== null && targetOf(rollout).rolloutState === line.words[2];
  },
  /** `wait running web 3` */
  running: (stage, line) => () => tasksIn(stage, line, "RUNNING").length === Number(line.words[2]),
  /** `wait inactive web` */
  inactive: (stage, line) => () => service(stage, line)?.status === "INACTIVE",
  /** `wait drained instance-1`: no task is left there. */
  drained: (stage, line) => {
    const instance = stage.aliases.idOf(line.words[1] ?? "");
    return () =>
      !stage.tasks().some(({ instanceId, lastStatus }) => instanceId === instance && lastStatus !== "STOPPED");
  },
  /** `wait for "has reached a steady state"`: until a line with this text is printed. */
  for: (stage, line) => () => stage.lines.slice(stage.mark).some((printed) => printed.includes(line.words[1] ?? "")),
};

async function wait(stage: Stage, line: Line): Promise<void> {
  const name = word(line);
  const condition = conditions[name];
  if (condition === undefined) throw new ScenarioError(line, `wait knows ${Object.keys(conditions).join(", ")}`);
  const holds = condition(stage, line);
  if (name === "steady" || name === "rollout") await stage.pass(lookMs);
  await stage.until(line.text, holds);
}

async function addInstances(stage: Stage, line: Line): Promise<void> {
  const { options } = line;
  const zones = (options.get("zones") ?? "a").split(",");
  const provider = options.get("provider");
  const attributes = (options.get("attributes")?.split(",") ?? []).map((attribute) => attribute.split(":"));
  const customAttributes = attributes.map(([name = "", value = ""]) => ({ name, value }));
  if (provider !== undefined) customAttributes.push({ name: "berth.capacity-provider", value: provider });
  for (let index = 0; index < Number(word(line)); index++) {
    await stage.addInstance({
      cpu: Number(options.get("cpu") ?? 1_024),
      memoryMiB: Number(options.get("memory") ?? 1_024),
      zone: `${place.region}${zones[index % zones.length]}`,
      customAttributes,
    });
  }
}

async function registerTaskDefinition(stage: Stage, line: Line): Promise<void> {
  const { options } = line;
  const isOnFargate = line.words.includes("fargate");
  const [cpu, memory] = [options.get("cpu") ?? "256", options.get("memory") ?? (isOnFargate ? "512" : "256")];
  const healthCheck = line.words.includes("health-check") ? { healthCheck: { command: ["CMD-SHELL", "true"] } } : {};
  const port = options.get("host-port");
  const portMappings = port === undefined ? {} : { portMappings: [{ containerPort: 80, hostPort: Number(port) }] };
  const image = options.get("image") ?? "web";
  await stage.call("RegisterTaskDefinition", {
    family: word(line),
    containerDefinitions: [
      { name: "main", image, cpu: Number(cpu), memory: Number(memory), ...healthCheck, ...portMappings },
    ],
    ...(isOnFargate ? { cpu, memory, networkMode: "awsvpc", requiresCompatibilities: ["FARGATE"] } : {}),
  });
}

async function startDrain(stage: Stage, line: Line): Promise<void> {
  const deadline = line.options.get("deadline");
  const containerInstances = arns(stage, line);
  if (deadline === undefined) {
    await stage.call("UpdateContainerInstancesState", { containerInstances, status: "DRAINING" });
  } else {
    await stage.call("StartDrain", { containerInstances, deadlineSeconds: duration(line, deadline) / 1_000 });
  }
}

async function stopServiceDeployment(stage: Stage, line: Line): Promise<void> {
  const listed = await stage.call("ListServiceDeployments", { service: word(line) });
  const { serviceDeployments } = listed as { serviceDeployments: readonly { serviceDeploymentArn: string }[] };
  const { serviceDeploymentArn } = must(serviceDeployments[0], "the newest service deployment");
  const stopType = line.options.get("type");
  await stage.call("StopServiceDeployment", { serviceDeploymentArn, ...(stopType === undefined ? {} : { stopType }) });
}

const protect = (stage: Stage, line: Line, protectionEnabled: boolean): Promise<unknown> =>
  stage.call("UpdateTaskProtection", { cluster: "default", tasks: arns(stage, line), protectionEnabled });

async function show(stage: Stage, line: Line): Promise<void> {
  const [what = "", name = ""] = line.words;
  if (what === "service") await showService(stage, name);
  else if (what === "instances") await showInstances(stage);
  else if (what === "drain") await showDrain(stage, must(stage.aliases.arnOf(name), name));
  else throw new ScenarioError(line, "show knows service, instances, drain");
}

function word(line: Line): string {
  const [first] = line.words;
  if (first === undefined) throw new ScenarioError(line, "needs a name or a number");
  return first;
}

const service = (stage: Stage, line: Line): Service | null => stage.service(line.words[1] ?? "");

const tasksIn = (stage: Stage, line: Line, status: string) =>
  stage.tasks().filter(({ group, lastStatus }) => group === `service:${line.words[1]}` && lastStatus === status);

function arn(stage: Stage, line: Line, name = word(line)): string {
  const found = stage.aliases.arnOf(name);
  if (found === null) throw new ScenarioError(line, `nothing is called ${name} yet`);
  return found;
}

const arns = (stage: Stage, line: Line): string[] => line.words.map((name) => arn(stage, line, name));

const groupArn = (name: string): string =>
  `arn:aws:autoscaling:${place.region}:${place.account}:autoScalingGroup:3fe2cc1c-4a0e-4bd4-9b2f-5d1c5a7f0b11:autoScalingGroupName/${name}`;
