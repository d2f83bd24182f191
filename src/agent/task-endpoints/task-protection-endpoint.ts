import { codeOf } from "../submissions.ts";
import type { Asker, EndpointAnswer, EndpointSources } from "./endpoint-sources.ts";

/** AWS: how long the agent waits for ECS before it answers that the call timed out. */
const answerWithinMs = 4_000;

/** A container's request: how its task is protected, or to protect it. */
export type ProtectionRequest =
  | { readonly method: "GET" }
  | { readonly method: "PUT"; readonly protectionEnabled: boolean; readonly expiresInMinutes: number | null };

const refused = (status: number, arn: string, code: string, message: string): EndpointAnswer => ({
  status,
  body: { error: { Arn: arn, Code: code, Message: message } },
});

export const unknownProtectionId = refused(404, "", "InvalidParameterException", "Invalid request: no task was found");

/** Reads the body of a PUT, or returns the answer that refuses it. */
export function protectionRequest(taskArn: string, body: string): ProtectionRequest | EndpointAnswer {
  const invalid = (message: string): EndpointAnswer => refused(400, taskArn, "InvalidParameterException", message);
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    parsed = null;
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    return invalid("UpdateTaskProtection: failed to decode request");
  }
  const unknown = Object.keys(parsed).some((key) => key !== "ProtectionEnabled" && key !== "ExpiresInMinutes");
  const { ProtectionEnabled: enabled, ExpiresInMinutes: minutes } = parsed as Readonly<Record<string, unknown>>;
  if (unknown || (minutes !== undefined && minutes !== null && !Number.isInteger(minutes))) {
    return invalid("UpdateTaskProtection: failed to decode request");
  }
  if (enabled === undefined || enabled === null) {
    return invalid("Invalid request: does not contain 'ProtectionEnabled' field");
  }
  if (typeof enabled !== "boolean") return invalid("UpdateTaskProtection: failed to decode request");
  return { method: "PUT", protectionEnabled: enabled, expiresInMinutes: (minutes as number | undefined) ?? null };
}

/** GET and PUT /task-protection/v1/state: calls ECS with the task's role. Never rejects. */
export async function protectionAnswer(
  sources: EndpointSources,
  { task }: Asker,
  request: ProtectionRequest,
): Promise<EndpointAnswer> {
  const { credentials, clock, cluster } = sources;
  const role = credentials.ofTask(task.arn, "TaskApplication");
  if (role === null) {
    const message = "Invalid Request: no task IAM role credentials available for task";
    return refused(403, task.arn, "AccessDeniedException", message);
  }
  const call =
    request.method === "GET"
      ? sources.apiAs(role).call("GetTaskProtection", { cluster, tasks: [task.arn] })
      : sources.apiAs(role).call("UpdateTaskProtection", {
          cluster,
          tasks: [task.arn],
          protectionEnabled: request.protectionEnabled,
          ...(request.expiresInMinutes === null ? {} : { expiresInMinutes: request.expiresInMinutes }),
        });
  let cancel = (): void => {};
  const late = new Promise<EndpointAnswer>((resolve) => {
    const message = "Timed out calling ECS Task Protection API";
    const timer = clock.setTimer(answerWithinMs, () => resolve(refused(504, task.arn, "RequestCanceled", message)));
    cancel = () => timer.cancel();
  });
  const answered = call.then(
    (reply) => shownReply(task.arn, reply),
    (error: unknown) => shownError(task.arn, error),
  );
  const answer = await Promise.race([answered, late]);
  cancel();
  return answer;
}

function shownReply(taskArn: string, reply: object): EndpointAnswer {
  const { protectedTasks = [], failures = [] } = reply as {
    readonly protectedTasks?: readonly {
      readonly taskArn?: string;
      readonly protectionEnabled?: boolean;
      readonly expirationDate?: number | null;
    }[];
    readonly failures?: readonly { readonly arn?: string; readonly reason?: string; readonly detail?: string | null }[];
  };
  const [failure] = failures;
  if (failure !== undefined) {
    const { arn, reason, detail } = failure;
    return { status: 200, body: { failure: { Arn: arn ?? taskArn, Reason: reason ?? "", Detail: detail ?? null } } };
  }
  const [shown] = protectedTasks;
  if (shown === undefined) return refused(500, taskArn, "ServerException", "Unexpected error occurred");
  const { protectionEnabled, expirationDate } = shown;
  return {
    status: 200,
    body: {
      protection: {
        ProtectionEnabled: protectionEnabled ?? false,
        ExpirationDate: expirationDate ? new Date(expirationDate).toISOString().replace(/\.\d+Z$/, "Z") : null,
        TaskArn: shown.taskArn ?? taskArn,
      },
    },
  };
}

/** An error from ECS keeps its code. One on the way there becomes a server error. */
function shownError(taskArn: string, error: unknown): EndpointAnswer {
  const code = codeOf(error) ?? "";
  const message = error instanceof Error ? error.message : String(error);
  if (!code.endsWith("Exception")) return refused(500, taskArn, "ServerException", message);
  return refused(code === "ServerException" ? 500 : 400, taskArn, code, message);
}
