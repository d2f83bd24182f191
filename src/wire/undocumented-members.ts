import type { ApiOperation } from "./service-definition.ts";
import type { StructureShape } from "./shapes.ts";

const inputs = new Map<ApiOperation, StructureShape>();

/** The shape of a request of `operation`, including members that only real clients send (`undocumented` in its row). */
export function inputOf(operation: ApiOperation): StructureShape {
  let shape = inputs.get(operation);
  if (shape === undefined) {
    shape = withUndocumented(operation, operation.shapes.input);
    inputs.set(operation, shape);
  }
  return shape;
}

function withUndocumented({ row }: ApiOperation, input: StructureShape): StructureShape {
  if (row.machine === null || row.machine === "service" || row.undocumented === undefined) return input;
  const members = new Map(input.members);
  for (const name of Object.keys(row.undocumented)) members.set(name, { kind: "string" });
  return { ...input, members };
}
