/** The table of roles and actions in `docs/security.md`, from the rows of the operations and `src/auth/permissions.ts`. */
import { type Action, levelsOf, otherActions } from "../src/auth/permissions.ts";
import { type Role, roles } from "../src/auth/roles.ts";
import { isAnswered } from "../src/wire/service-definition.ts";
import { apiOperations, services } from "../src/wire/services.ts";
import { row, withSection } from "./generated-section.ts";

/** The page with its table of roles brought up to date: a row for each group of actions that the same roles may call. */
export function withRoles(page: string): string {
  const groups = new Map<string, string[]>();
  for (const action of allActions()) {
    const allowed = cells(action).join("|");
    groups.set(allowed, [...(groups.get(allowed) ?? []), action.name]);
  }
  const rows = [...groups].map(([allowed, actions]) =>
    row(...allowed.split("|"), actions.map((action) => `\`${action}\``).join(", ")),
  );
  const head = [row(...roles, "actions"), row(...roles.map(() => "---"), "---").replaceAll(" ", "")];
  return withSection(page, "roles", [...head, ...rows, ""].join("\n"));
}

/** What anybody may do, by name. */
export function allActions(): readonly Action[] {
  const answered = services.flatMap((service) => [...apiOperations(service).values()].filter(isAnswered));
  const actions: readonly Action[] = [...answered.map(({ action }) => action), ...otherActions];
  return actions.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function cells(action: Action): readonly string[] {
  const cell = (role: Role): string => {
    if (action.level === "everyone") return "yes";
    if (role === "agent") return action.agents === null ? "" : action.agents === "anything" ? "yes" : "its own";
    return action.level !== null && levelsOf[role].includes(action.level) ? "yes" : "";
  };
  return roles.map(cell);
}
