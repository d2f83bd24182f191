/** The purposes of access keys. */
export const roles = ["admin", "operator", "read-only", "agent"] as const;
export type Role = (typeof roles)[number];

/** What each role is for, in the words of the help text and the documentation. */
export const roleTexts: Readonly<Record<Role, string>> = {
  admin: "everything in its account",
  operator: "runs tasks and services; can't change account settings, delete clusters or act as an agent",
  "read-only": "reads everything, changes nothing",
  agent: "registers container instances and reports for those it registered; nothing else",
};
