import { type Action, levelsOf, readMetrics } from "./permissions.ts";
import type { Role } from "./roles.ts";

/** The caller: what decides what its call may do. */
export type Principal =
  | {
      readonly type: "key";
      readonly arn: string;
      readonly role: Role;
      /** The names of the clusters that the key is bound to, in every region of its account. Null if it is bound to none. */
      readonly clusters: readonly string[] | null;
      /** The key itself. Null if no key was checked. */
      readonly accessKeyId: string | null;
    }
  /** A task that calls with the credentials of one of its roles. */
  | { readonly type: "task"; readonly arn: string; readonly taskArn: string; readonly clusterArn: string };

/** Something that a call names. */
export type Resource = {
  readonly arn: string;
  /** Such as `task`; `*` for the account as a whole, `unknown` for what is nothing in this account. */
  readonly type: string;
  /** The cluster that it is or belongs to; null when it belongs to the account as a whole, or to nothing in this account. */
  readonly cluster: string | null;
  /** True if the call uses it without showing or changing it, such as the task definition that RunTask runs. */
  readonly onlyUsed: boolean;
};

/** The account as a whole. */
export const wholeAccount: Resource = { arn: "*", type: "*", cluster: null, onlyUsed: false };

/** Whether a call is allowed. If not, the ARN of the first refused resource, and why. */
export type Decision =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly resource: string; readonly because: string };

/**
 * Decides whether `principal` may take `action` on `resources`, all that the call names. Account and region of the call are settled
 * before: a principal acts in its own account only.
 */
export function authorize(principal: Principal, action: Action, resources: readonly Resource[]): Decision {
  if (action.level === "everyone") return { allowed: true };
  if (principal.type === "task") return authorizeTask(principal, action, resources);
  const because = noPolicy(action);
  const granted = principal.role === "agent" ? action.agents : null;
  const isGranted = granted !== null || (action.level !== null && levelsOf[principal.role].includes(action.level));
  if (!isGranted) return deny(subjectOf(resources), because);
  if (granted === "anything") return { allowed: true };
  const wrongType = granted === null ? undefined : resources.find(({ type }) => !granted.includes(type));
  if (wrongType !== undefined) return deny(wrongType, because);
  const { clusters } = principal;
  if (clusters === null) return { allowed: true };
  const outside = resources.find(
    ({ cluster, onlyUsed }) => !onlyUsed && (cluster === null || !clusters.includes(cluster)),
  );
  return outside === undefined ? { allowed: true } : deny(outside, because);
}

/** Whether `principal` may read the process's metrics. They cover all accounts, so a key bound to clusters may not. */
export const mayReadMetrics = (principal: Principal): boolean =>
  authorize(principal, readMetrics, [wholeAccount]).allowed;

function authorizeTask(
  principal: Principal & { readonly type: "task" },
  action: Action,
  resources: readonly Resource[],
): Decision {
  const because = "the role of a task may only describe and protect that task and list its tags";
  const granted = action.tasks;
  if (granted === null) return deny(subjectOf(resources), because);
  if (granted === "anything") return { allowed: true };
  const isOwn = ({ type, arn }: Resource): boolean =>
    granted.includes(type) && arn === (type === "cluster" ? principal.clusterArn : principal.taskArn);
  const foreign = resources.find((resource) => !isOwn(resource));
  if (foreign !== undefined) return deny(foreign, because);
  // A call without a task would be about the cluster.
  return resources.some(({ type }) => type === "task") ? { allowed: true } : deny(subjectOf(resources), because);
}

/** AWS: the error names the task, service or definition that a call is about, and the cluster only if there is nothing else. */
const subjectOf = (resources: readonly Resource[]): Resource | undefined =>
  resources.find(({ type }) => type !== "cluster") ?? resources[0];

/** AWS: the text. */
const noPolicy = ({ name }: Action): string => `no identity-based policy allows the ${name} action`;

const deny = (resource: Resource | undefined, because: string): Decision => ({
  allowed: false,
  resource: resource?.arn ?? "*",
  because,
});
