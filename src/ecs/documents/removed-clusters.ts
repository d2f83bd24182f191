import type { DocumentKind } from "./document-kind.ts";

/** The highest incarnation of any cluster whose document was removed (key `removed`). */
export type RemovedClusters = { readonly highestIncarnation: number };

export const removedClustersKind: DocumentKind<RemovedClusters> = {
  name: "removed-clusters",
  keyMember: null,
  version: 1,
  shape: { highestIncarnation: "number" },
};
