import type { DocumentKind } from "./document-kind.ts";
import type { FargateUse } from "./fargate-use.ts";

/**
 * How much of the account's Fargate quota a cluster may use (kind `fargate-reservation`, key: the cluster's name), a document of the account
 * machine. The cluster has a copy, and uses no more than the copy says.
 */
export type FargateReservation = {
  readonly cluster: string;
  /** Rises with every change. A request with an older revision changes nothing. */
  readonly revision: number;
  readonly reserved: FargateUse;
  /** The part that the cluster didn't use when it last reported its use. */
  readonly spare: FargateUse;
};

const use = { FARGATE: "number", FARGATE_SPOT: "number" } as const;

export const fargateReservationKind: DocumentKind<FargateReservation> = {
  name: "fargate-reservation",
  keyMember: "cluster",
  version: 1,
  shape: { cluster: "string", revision: "number", reserved: use, spare: use },
};
