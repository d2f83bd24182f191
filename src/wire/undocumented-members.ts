import type { ApiOperation } from "./service-definition.ts";
import type { StructureShape } from "./shapes.ts";

/** Members that real clients send although they are missing from the API model, and what they are for. */
export const undocumentedMembers = {
  RegisterContainerInstance: {
    clientToken:
      "The container agent sends one token per registration, so that a repeated call registers nothing twice.",
  },
  DiscoverPollEndpoint: {
    zoneId: "The container agent names its availability zone, for endpoints that are close to it.",
  },
} as const;

const inputs = new Map<ApiOperation, StructureShape>();

/** The shape of a request of `operation`, including members that only real clients send. */
export function inputOf(operation: ApiOperation): StructureShape {
  let shape = inputs.get(operation);
  if (shape === undefined) {
    shape = withUndocumented(operation, operation.shapes.input);
    inputs.set(operation, shape);
  }
  return shape;
}

function withUndocumented(operation: ApiOperation, input: StructureShape): StructureShape {
  const extra = Object.entries(undocumentedMembers).find(([name]) => name === operation.name)?.[1];
  if (extra === undefined) return input;
  const members = new Map(input.members);
  for (const name of Object.keys(extra)) members.set(name, { kind: "string" });
  return { ...input, members };
}
