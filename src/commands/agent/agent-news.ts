import type { Withheld } from "../../agent/docker/policy/host-policy.ts";
import { isWorthAnotherRegistration } from "../../agent/host-registration.ts";
import type { SocketNews } from "../../agent/remote/websocket-transport.ts";
import { type EcsApi, takenOverReason } from "../../agent-protocol/connection.ts";

/** What an agent reports to the person, or the script, that started it. */
export type AgentNews =
  /** What tasks lack on this machine. */
  | { readonly event: "lacking"; readonly isRoot: boolean; readonly lacks: readonly string[] }
  /** What tasks may not use on this machine, and the flags that control it. */
  | { readonly event: "withholding"; readonly withheld: readonly Withheld[] }
  | { readonly event: "registered"; readonly containerInstanceArn: string; readonly cluster: string }
  /** The control plane did not answer, or asked to come later. The agent retries. */
  | { readonly event: "waiting"; readonly operation: string; readonly problem: string }
  | { readonly event: "connected" }
  | { readonly event: "disconnected"; readonly code: number; readonly reason: string }
  | {
      readonly event: "task";
      readonly taskArn: string;
      readonly status: string;
      readonly reason: string | null;
      readonly containers: readonly {
        readonly name: string;
        readonly status: string;
        readonly exitCode: number | null;
        readonly reason: string | null;
        readonly ports: readonly string[];
      }[];
    }
  /** This many lines were dropped here because nobody read them in time. */
  | { readonly event: "dropped"; readonly lines: number }
  | { readonly event: "ended"; readonly why: string; readonly problem: string | null };

type ContainerReport = {
  readonly containerName: string;
  readonly status: string;
  readonly exitCode?: number;
  readonly reason?: string;
  readonly networkBindings?: readonly Readonly<Record<string, unknown>>[];
};

type StateReport = {
  readonly task: string;
  readonly status?: string;
  readonly reason?: string;
  readonly containers?: readonly ContainerReport[];
};

/** Wraps `api` so that an agent's calls become news: its registration, and the task reports that were accepted. */
export function watchedApi(
  api: EcsApi,
  {
    cluster,
    problemIn,
    tell,
  }: {
    readonly cluster: string;
    /** Why a call failed, for a person. */
    readonly problemIn: (error: unknown) => string;
    readonly tell: (news: AgentNews) => void;
  },
): EcsApi {
  return {
    async call(operation, request) {
      let reply: object;
      try {
        reply = await api.call(operation, request);
      } catch (error) {
        if (isRepeated(operation, error)) {
          tell({ event: "waiting", operation, problem: problemIn(error) });
        }
        throw error;
      }
      if (operation === "RegisterContainerInstance") {
        const { containerInstance } = reply as {
          readonly containerInstance?: { readonly containerInstanceArn?: string };
        };
        tell({ event: "registered", containerInstanceArn: containerInstance?.containerInstanceArn ?? "", cluster });
      }
      if (operation === "SubmitTaskStateChange") tellOfTask(request as StateReport, tell);
      return reply;
    },
  };
}

/** Whether the agent repeats the call. A refused registration ends it, which is reported at its end. */
function isRepeated(operation: string, error: unknown): boolean {
  if (operation === "DiscoverPollEndpoint") return true;
  return operation === "RegisterContainerInstance" && isWorthAnotherRegistration(error);
}

function tellOfTask({ task, status, reason, containers = [] }: StateReport, tell: (news: AgentNews) => void): void {
  // A confirmed network interface has no status.
  if (status === undefined || status === "PENDING") return;
  tell({
    event: "task",
    taskArn: task,
    status,
    reason: reason || null,
    containers: containers.map((container) => ({
      name: container.containerName,
      status: container.status,
      exitCode: container.exitCode ?? null,
      reason: container.reason ?? null,
      ports: (container.networkBindings ?? []).map(shownBinding),
    })),
  });
}

function shownBinding(binding: Readonly<Record<string, unknown>>): string {
  const host = binding.hostPort ?? binding.hostPortRange;
  const inside = binding.containerPort ?? binding.containerPortRange;
  return `${String(host)}->${String(inside)}/${String(binding.protocol)}`;
}

/** News of the command socket. Nobody needs to know about the telemetry socket. */
export function tellOfSocket(news: SocketNews, tell: (news: AgentNews) => void): void {
  if (news.channel !== "acs") return;
  if (news.type === "open") tell({ event: "connected" });
  else tell({ event: "disconnected", code: news.code, reason: news.reason });
}

/** What tasks lack on a host with Docker, for a person. `endpoints` is where containers reach the agent. */
export function lacksOf(host: {
  readonly canLimitTasks: boolean;
  readonly endpoints: { readonly address: string } | null;
}): readonly string[] {
  return [
    ...(host.canLimitTasks ? [] : ["tasks have no limits as a whole, only their containers"]),
    ...(host.endpoints === null ? ["containers get no metadata and no credentials"] : []),
    // AWS: they accept credentials over HTTP only from that address and from loopback.
    ...(host.endpoints !== null && host.endpoints.address !== "169.254.170.2"
      ? ["the AWS SDKs in containers get no credentials"]
      : []),
  ];
}

/** A line for a person. */
export function newsLine(news: AgentNews): string {
  switch (news.event) {
    case "lacking":
      return `${news.isRoot ? "On this machine" : "Without root"}: ${news.lacks.join("; ")}.`;
    case "withholding":
      return withheldText(news.withheld);
    case "registered":
      return `Registered in cluster ${news.cluster} as ${news.containerInstanceArn}.`;
    case "waiting":
      return `${news.problem} Trying again.`;
    case "connected":
      return "Connected: ready for tasks.";
    case "disconnected":
      if (news.reason === takenOverReason) {
        return "Disconnected: another agent has connected as the same container instance. Was the data directory copied?";
      }
      return `Disconnected (${news.code}${news.reason === "" ? "" : `, ${news.reason}`}). Containers keep running.`;
    case "task":
      return taskLine(news);
    case "dropped":
      return `${news.lines} lines were dropped here because nobody read them in time.`;
    case "ended":
      return news.problem === null
        ? "The agent has ended; containers keep running."
        : `The agent has ended: ${news.problem}`;
  }
}

/** What tasks may not use, each with its flag, and the attributes that the instance therefore does not register. */
export function withheldText(withheld: readonly Withheld[]): string {
  const all = withheld.map(({ what, flag }) => `${what} (${flag})`).join(", ");
  const attributes = withheld.flatMap(({ attribute }) => attribute ?? []);
  const text = `Tasks may not use ${all}.`;
  return attributes.length === 0 ? text : `${text} Withheld attributes: ${attributes.join(", ")}.`;
}

function taskLine({ taskArn, status, reason, containers }: Extract<AgentNews, { event: "task" }>): string {
  const details = containers.flatMap(({ name, exitCode, reason: why, ports }) => {
    const facts = [...ports, ...(exitCode === null ? [] : [`exit code ${exitCode}`]), ...(why === null ? [] : [why])];
    return facts.length === 0 ? [] : `${name}: ${facts.join(", ")}`;
  });
  const all = [...(reason === null ? [] : [reason]), ...details];
  return `Task ${taskArn.slice(taskArn.lastIndexOf("/") + 1)} ${status}${all.length === 0 ? "" : ` (${all.join("; ")})`}.`;
}
