/** The table of roles and actions in `docs/security.md`, from `src/auth/permissions.ts`. */
import { type Action, actionLevels, agentActions, levelsOf } from "../src/auth/permissions.ts";
import { type Role, roles } from "../src/auth/roles.ts";
import { row, withSection } from "./generated-section.ts";

/** The page with its table of roles brought up to date: a row for each group of actions that the same roles may call. */
export function withRoles(page: string): string {
  const groups = new Map<string, Action[]>();
  for (const action of (Object.keys(actionLevels) as Action[]).sort()) {
    const allowed = cells(action).join("|");
    groups.set(allowed, [...(groups.get(allowed) ?? []), action]);
  }
  const rows = [...groups].map(([allowed, actions]) =>
    row(...allowed.split("|"), actions.map((action) => `\`${action}\``).join(", ")),
  );
  const head = [row(...roles, "actions"), row(...roles.map(() => "---"), "---").replaceAll(" ", "")];
  return withSection(page, "roles", [...head, ...rows, ""].join("\n"));
}

function cells(action: Action): readonly string[] {
  const cell = (role: Role): string => {
    if (role === "agent") return agentActions.has(action) ? "its own" : "";
    return levelsOf[role].includes(actionLevels[action]) ? "yes" : "";
  };
  return roles.map(cell);
}
