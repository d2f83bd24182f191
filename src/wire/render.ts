import { assert } from "../lib/assert.ts";
import type { ApiOperation } from "./service-definition.ts";
import type { Shape, StructureShape } from "./shapes.ts";

type Project = (value: unknown) => unknown;

/** Converts a shape's values before JSON.stringify; null for shapes whose values need no conversion. */
const projections = new Map<Shape, Project | null>();

/**
 * The JSON text of `reply` by the output shape of `operation`. Leaves out null, undefined and unknown members, converts epoch milliseconds
 * to epoch seconds with a fraction, and keeps empty lists. It copies the reply into shape for JSON.stringify: for ten container instances
 * that took 95 µs, against 115 µs for building the text member by member (JSON.stringify alone takes 43).
 */
export function renderReply(operation: ApiOperation, reply: object): string {
  const project = projectionOf(operation.shapes.output);
  return JSON.stringify(project === null ? reply : project(reply));
}

function projectionOf(shape: Shape): Project | null {
  let project = projections.get(shape);
  if (project === undefined) {
    project = makeProjection(shape);
    projections.set(shape, project);
  }
  return project;
}

function makeProjection(shape: Shape): Project | null {
  switch (shape.kind) {
    case "string":
    case "number":
    case "boolean":
    case "document":
    case "blob":
      return null;
    case "timestamp":
      // AWS: seconds with milliseconds as the fraction, such as 1534810936.284.
      return (value) => (value as number) / 1000;
    case "list":
      return listProjection(shape.member);
    case "map":
      return mapProjection(projectionOf(shape.value));
    case "structure":
      return structureProjection(shape);
  }
}

function structureProjection(shape: StructureShape): Project {
  const names = [...shape.members.keys()];
  const shapes = [...shape.members.values()];
  // Created on the member's first use: a reply seldom uses all members of its shape.
  const members: (Project | null | undefined)[] = shapes.map(() => undefined);
  return (value) => {
    const source = value as Readonly<Record<string, unknown>>;
    const rendered: Record<string, unknown> = {};
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string;
      const member = source[name];
      if (member === undefined || member === null) continue;
      let project = members[i];
      if (project === undefined) {
        project = projectionOf(shapes[i] as Shape);
        members[i] = project;
      }
      rendered[name] = project === null ? member : project(member);
    }
    return rendered;
  };
}

function listProjection(member: Shape): Project {
  const project = projectionOf(member);
  return (value) => {
    assert(Array.isArray(value), "a list member of a reply is an array");
    const items: unknown[] = [];
    for (const item of value as readonly unknown[]) {
      if (item === undefined || item === null) continue;
      items.push(project === null ? item : project(item));
    }
    return items;
  };
}

function mapProjection(project: Project | null): Project {
  return (value) => {
    const entries: [string, unknown][] = [];
    for (const [key, item] of Object.entries(value as object) as [string, unknown][]) {
      if (item !== undefined && item !== null) entries.push([key, project === null ? item : project(item)]);
    }
    // Assigning to `__proto__` would lose that entry.
    return Object.fromEntries(entries);
  };
}
