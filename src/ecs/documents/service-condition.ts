import type { DocumentKind } from "./document-kind.ts";
import { orNull } from "./document-shape.ts";
import type { Impediment } from "./impediment.ts";

/**
 * How a service is doing: whether it is steady, and what is in its way (kind `service-condition`, key: the service's name). A service about
 * which nothing is known yet, or that is INACTIVE, has none.
 */
export type ServiceCondition = {
  readonly serviceName: string;
  /** What is being done to bring the zones into balance; null when nothing is. */
  readonly rebalance: Rebalance | null;
  /** Since when the service is as it should be; null while it is not. */
  readonly steadySince: number | null;
  /** When an event last said so. */
  readonly steadyAnnouncedAt: number | null;
  /** Why nothing moves or a task cannot be placed, while that lasts. */
  readonly impediment: Impediment | null;
  /** What its events have said since it was last steady or updated, and when: the same news is held back. */
  readonly impedimentsTold: readonly { readonly news: string; readonly at: number }[];
};

/** A task on its way from the zone with the most tasks to one with few: first one more is started, then one is stopped. */
export type Rebalance = {
  readonly phase: "starting" | "stopping";
  readonly from: string;
  readonly to: string;
  readonly startedAt: number;
};

/** The condition of a service about which nothing is known yet. */
export const unknownCondition = (serviceName: string): ServiceCondition => ({
  serviceName,
  rebalance: null,
  steadySince: null,
  steadyAnnouncedAt: null,
  impediment: null,
  impedimentsTold: [],
});

export const serviceConditionKind: DocumentKind<ServiceCondition> = {
  name: "service-condition",
  keyMember: "serviceName",
  version: 1,
  shape: {
    serviceName: "string",
    rebalance: orNull({ phase: "string", from: "string", to: "string", startedAt: "number" }),
    steadySince: "number?",
    steadyAnnouncedAt: "number?",
    impediment: orNull({ reason: { type: "string" }, since: "number" }),
    impedimentsTold: [{ news: "string", at: "number" }],
  },
};
