/** What an access key may be for. */
export const roles = ["admin", "operator", "read-only", "agent"] as const;
export type Role = (typeof roles)[number];

/** What each role is for, in the words of the help text and the documentation. */
export const roleTexts: Readonly<Record<Role, string>> = {
  admin: "everything in its account",
  operator: "runs tasks and services; no account settings, deletes no clusters, is no agent",
  "read-only": "describes and lists, changes nothing",
  agent: "registers container instances and speaks for those; nothing else",
};
