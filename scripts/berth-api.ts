/** Writes `docs/berth-api.md` from the rows and the shapes of the operations that Berth adds to ECS. */
import { type BerthOperationName, berthOperations } from "../src/ecs/machine/operations.ts";
import type { OperationRow } from "../src/ecs/state/operation-row.ts";
import { berthShapes } from "../src/wire/berth-shapes.ts";
import { type DescribedStructure, isDescribed } from "../src/wire/described-shapes.ts";
import type { Shape } from "../src/wire/shapes.ts";
import { missingOf, statusOf } from "./compatibility.ts";
import { row } from "./generated-section.ts";

const heading = `# What Berth adds to the API

<!-- Made by scripts/berth-api.ts from the rows of the operations and src/wire/berth-shapes.ts. Do not edit. -->

Berth's ECS API is exactly that of ECS. Berth's own operations use the same port with the prefix \`X-Amz-Target: BerthV1.NAME\`, and otherwise
the same protocol: AWS JSON 1.1, signed for the service \`ecs\` with Signature Version 4, times in epoch seconds. Errors are ECS's. Every
operation can return \`ClientException\`, \`InvalidParameterException\`, \`AccessDeniedException\` and \`ServerException\`. Task credentials are
refused.

\`berth explain\` and \`berth drain\` call these operations. With curl and \`berth dev\`:

\`\`\`sh
curl http://127.0.0.1:4280/ --user berth:berth --aws-sigv4 aws:amz:us-east-1:ecs \\
  --header 'Content-Type: application/x-amz-json-1.1' \\
  --header 'X-Amz-Target: BerthV1.ExplainPlacement' --data '{"taskDefinition":"web:1","count":5}'
\`\`\`
`;

/** The text that `docs/berth-api.md` must have. */
export function berthApiPage(): string {
  const table = (Object.entries(berthOperations) as [BerthOperationName, OperationRow][]).sort(([a], [b]) =>
    a < b ? -1 : 1,
  );
  const lines = [
    heading,
    row("operation", "status", "what is missing"),
    "|---|---|---|",
    ...table.map(([name, entry]) => row(name, statusOf(entry), missingOf(entry))),
    "",
    "*absent*: returns `ClientException` with a message that names the operation.",
    "",
    ...table.flatMap(([name, entry]) => section(name, entry)),
  ];
  return lines.join("\n");
}

function section(name: BerthOperationName, { about = "", errors }: OperationRow): string[] {
  const { input, output } = berthShapes[name];
  const beyond = errors.map((error) => `\`${error}\``).join(", ");
  return [
    `## ${name}`,
    "",
    about,
    "",
    "| request | type | |",
    "|---|---|---|",
    ...memberRows(input, ""),
    "",
    "| reply | type | |",
    "|---|---|---|",
    ...memberRows(output, ""),
    "",
    ...(errors.length === 0 ? [] : [`Additional errors: ${beyond}.`, ""]),
  ];
}

/** A row for each member. Members of inner structures follow with their path. */
function memberRows(structure: DescribedStructure, path: string): string[] {
  return [...structure.members].flatMap(([name, shape]) => {
    const inner = shape.kind === "list" ? shape.member : shape;
    const here = `${path}${name}${shape.kind === "list" ? "[]" : ""}`;
    const own = row(`\`${here}\``, typeOf(inner), structure.about.get(name) ?? "");
    if (inner.kind !== "structure" || !isDescribed(inner)) return [own];
    return [own, ...memberRows(inner, `${here}.`)];
  });
}

function typeOf(shape: Shape): string {
  if (shape.kind === "structure") return isDescribed(shape) ? "structure" : `${shape.name} of ECS`;
  return shape.kind;
}
