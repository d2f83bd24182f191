import { must } from "../../lib/assert.ts";
import type { Deployment } from "./deployment.ts";
import type { DocumentKind } from "./document-kind.ts";

/**
 * How the deployments of a service go (kind `service-rollout`, key: the service's name). An INACTIVE service has none. It changes when a
 * deployment begins or ends, not with the tasks.
 */
export type Rollout = {
  readonly serviceName: string;
  /** The deployment that the service is brought to. AWS: the API shows it as PRIMARY, and the others as ACTIVE. */
  readonly targetId: string;
  /** Newest first. The target is not always the first: a rollback goes to an older one. */
  readonly deployments: readonly Deployment[];
  /** The service deployment that runs, or that ran last; the key of its document. */
  readonly serviceDeploymentId: string;
};

/** The deployment that the service is brought to. */
export const targetOf = ({ deployments, targetId }: Rollout): Deployment =>
  must(
    deployments.find(({ id }) => id === targetId),
    "the target of a rollout",
  );

/** The rollout with `changed` instead of the deployments with the same ids. */
export const withDeployments = (rollout: Rollout, changed: readonly Deployment[]): Rollout => ({
  ...rollout,
  deployments: rollout.deployments.map((known) => changed.find(({ id }) => id === known.id) ?? known),
});

export const rolloutKind: DocumentKind<Rollout> = {
  name: "service-rollout",
  keyMember: "serviceName",
  version: 1,
  shape: {
    serviceName: "string",
    targetId: "string",
    deployments: [
      {
        id: "string",
        revisionId: "string",
        rolloutState: "string",
        rolloutStateReason: "string",
        alarmsAtStart: ["string"],
        bakesUntil: "number?",
        createdAt: "number",
        updatedAt: "number",
      },
    ],
    serviceDeploymentId: "string",
  },
};
