/** Whom a principal's ARN names, as far as STS shows it. */
export type PrincipalName =
  | { readonly type: "root" }
  | { readonly type: "user"; readonly arn: string }
  | { readonly type: "session"; readonly roleArn: string; readonly sessionName: string };

/** AWS: the forms of the ARNs of the root user, of a user, and of a session under a role. */
export function principalNamed(arn: string): PrincipalName {
  const [, partition = "", , , account = "", resource = ""] = arn.split(":");
  const [type, name = "", sessionName = ""] = resource.split("/");
  if (type === "assumed-role") return { type: "session", roleArn: roleArnOf(partition, account, name), sessionName };
  return type === "root" ? { type: "root" } : { type: "user", arn };
}

/** The ARN that a role's unique id belongs to. AWS: role names are unique in an account, whatever their path, and a session doesn't show the path. */
const roleArnOf = (partition: string, account: string, name: string): string =>
  `arn:${partition}:iam::${account}:role/${name}`;

/** The parts of a role's ARN; null for anything else. */
export function roleNamed(
  arn: string,
): { readonly partition: string; readonly account: string; readonly name: string; readonly idArn: string } | null {
  const match = /^arn:(aws[a-z-]*):iam::(\d{12}):role\/(?:[!-~]{0,510}\/)?([\w+=,.@-]{1,64})$/.exec(arn);
  if (match === null) return null;
  const [, partition = "", account = "", name = ""] = match;
  return { partition, account, name, idArn: roleArnOf(partition, account, name) };
}
