import type { DocumentKind } from "./document-kind.ts";
import type { FargateUse } from "./fargate-use.ts";

/**
 * What a cluster may use of the account's quota for Fargate (kind `fargate-reservation`, key: the cluster's name), a document of the account
 * machine. The cluster knows a copy, and uses no more than that says.
 */
export type FargateReservation = {
  readonly cluster: string;
  /** Rises with every change. A change that was asked for by an older revision is not made. */
  readonly revision: number;
  readonly reserved: FargateUse;
  /** The part of it that the cluster did not use when it last said how much it uses. */
  readonly spare: FargateUse;
};

const use = { FARGATE: "number", FARGATE_SPOT: "number" } as const;

export const fargateReservationKind: DocumentKind<FargateReservation> = {
  name: "fargate-reservation",
  keyMember: "cluster",
  version: 1,
  shape: { cluster: "string", revision: "number", reserved: use, spare: use },
};
