import type { PayloadTask } from "../../agent-protocol/to-agent/payload.ts";
import type { TaskCredentialsIssuer, TemporaryCredentials } from "../../auth/task-credentials.ts";
import { parseArn } from "../../ecs/arn.ts";
import type { TaskOrder } from "../../ecs/state/effect.ts";

type RoleCredentials = NonNullable<PayloadTask["roleCredentials"]>;

/** The credentials of a task's roles, as members of its payload. */
export type TaskCredentialsOf = (order: TaskOrder) => Pick<PayloadTask, "roleCredentials" | "executionRoleCredentials">;

export const withoutCredentials: TaskCredentialsOf = () => ({});

/** Mints fresh credentials for the roles of a task, from its definition or its overrides. */
export function taskCredentialsOf(credentials: TaskCredentialsIssuer, nowMs: number): TaskCredentialsOf {
  return ({ task, definition }) => {
    const taskRole = task.overrides.taskRoleArn ?? definition.taskRoleArn;
    const executionRole = task.overrides.executionRoleArn ?? definition.executionRoleArn;
    const mint = (role: string, use: "TaskApplication" | "TaskExecution"): RoleCredentials =>
      asAgentsRead(credentials.mint({ taskArn: task.arn, roleArn: roleArnOf(role, task.arn), use }, nowMs));
    return {
      ...(taskRole == null ? {} : { roleCredentials: mint(taskRole, "TaskApplication") }),
      ...(executionRole == null ? {} : { executionRoleCredentials: mint(executionRole, "TaskExecution") }),
    };
  };
}

/** AWS: a role may be given by name alone, and then belongs to the task's account. */
function roleArnOf(role: string, taskArn: string): string {
  if (role.startsWith("arn:")) return role;
  const partition = taskArn.split(":")[1] ?? "aws";
  return `arn:${partition}:iam::${parseArn(taskArn)?.account ?? ""}:role/${role}`;
}

function asAgentsRead(minted: TemporaryCredentials): RoleCredentials {
  const { credentialsId, roleArn, accessKeyId, secretAccessKey, sessionToken, expiresAt } = minted;
  const expiration = new Date(expiresAt).toISOString().replace(/\.\d+/, "");
  return { credentialsId, roleArn, accessKeyId, secretAccessKey, sessionToken, expiration };
}
