import type { AnsweredName } from "../../ecs/machine/operations.ts";
import type { Draw } from "../draw.ts";
import type { Known } from "./known.ts";

/** A call that the workload wants to make. */
export type PlannedCall = {
  readonly operation: AnsweredName;
  readonly request: Readonly<Record<string, unknown>>;
  /** The resulting container instance gets a host, as in `berth dev`. */
  readonly adopt?: boolean;
};

/** Makes up a call. Null if nothing is known that it could be about. */
export type CallPlanner = (draw: Draw, known: Known) => PlannedCall | null;

/** A cluster's name or ARN, or nothing (which means `default`). Occasionally one that does not exist. */
export function clusterMember(draw: Draw, known: Known): { readonly cluster?: string } {
  return draw.weighted<() => { readonly cluster?: string }>([
    [70, () => ({})],
    [15, () => ({ cluster: "default" })],
    [12, () => ({ cluster: draw.pick(known.clusters) })],
    [1, () => ({ cluster: "nowhere" })],
  ])();
}

/** The cluster of an ARN, so that a call finds its target. Sometimes another one. */
export function clusterOf(draw: Draw, known: Known, reference: string | null): { readonly cluster?: string } {
  const name =
    reference === null ? null : (/:(?:task|container-instance|service)\/([^/]+)\//.exec(reference)?.[1] ?? null);
  if (name === null || draw.chance(0.03)) return clusterMember(draw, known);
  return name === "default" && draw.chance(0.5) ? {} : { cluster: name };
}
