import type { Deployment } from "./deployment.ts";
import { type DeploymentProgress, deploymentProgressKind } from "./deployment-progress.ts";
import { DocumentError, type ReleasePart } from "./document-kind.ts";
import { type Members, orNull, shapeProblem } from "./document-shape.ts";
import { rolloutKind } from "./rollout.ts";
import { type ServiceCondition, serviceConditionKind } from "./service-condition.ts";

/** A deployment as version 1 of the kind `service` held it, with what its tasks had shown. */
type DeploymentInOnePiece = Deployment &
  Omit<DeploymentProgress, "deploymentId" | "serviceName"> & { readonly status: "PRIMARY" | "ACTIVE" };

/** What is no part of a service any more, as version 1 of the kind `service` held it. */
type ServiceInOnePiece = Omit<ServiceCondition, "serviceName"> & {
  readonly name: string;
  readonly deployments: readonly DeploymentInOnePiece[];
  readonly serviceDeploymentId: string;
  readonly lastDeployment?: DeploymentInOnePiece | null;
};

const shape: Members = {
  name: "string",
  deployments: [
    {
      id: "string",
      status: new Set(["PRIMARY", "ACTIVE"]),
      revisionId: "string",
      rolloutState: "string",
      failedTasks: "number",
      breakerCount: "number",
      startBackoff: { rounds: "number", until: "number?", countedUpTo: "number?" },
      alarmsAtStart: ["string"],
      createdAt: "number",
      updatedAt: "number",
    },
  ],
  serviceDeploymentId: "string",
  rebalance: orNull({ phase: "string", from: "string", to: "string", startedAt: "number" }),
  steadySince: "number?",
  impediment: orNull({ since: "number" }),
  impedimentsTold: [{ at: "number" }],
};

/**
 * A service of version 1 without what has become documents of other kinds since; those are released. Throws DocumentError for one that is
 * not such a service.
 */
export function takenApart(document: object, release: ReleasePart): object {
  const problem = shapeProblem(document, shape);
  if (problem !== null) throw new DocumentError(problem);
  const stored = document as ServiceInOnePiece;
  const { deployments, serviceDeploymentId, lastDeployment, ...more } = stored;
  const { rebalance, steadySince, steadyAnnouncedAt, impediment, impedimentsTold, ...service } = more;
  const { name } = stored;
  const target = deployments.find(({ status }) => status === "PRIMARY");
  if (deployments.length > 0 && target === undefined) throw new DocumentError("none of its deployments is PRIMARY");
  if (target !== undefined) {
    const rollout = { serviceName: name, targetId: target.id, serviceDeploymentId };
    release(rolloutKind, name, { ...rollout, deployments: deployments.map(deploymentIn) });
    for (const each of deployments) release(deploymentProgressKind, each.id, progressIn(name, each));
    release(serviceConditionKind, name, {
      serviceName: name,
      rebalance,
      steadySince,
      steadyAnnouncedAt: steadyAnnouncedAt ?? null,
      // Before that it was kept as a text, and the next look finds out again.
      impediment: impediment?.reason === undefined ? null : impediment,
      impedimentsTold: impedimentsTold.filter(({ news }) => news !== undefined),
    });
  }
  const last = lastDeployment ?? null;
  return {
    ...service,
    lastDeployment: last === null ? null : { ...deploymentIn(last), failedTasks: last.failedTasks },
  };
}

const deploymentIn = (stored: DeploymentInOnePiece): Deployment => ({
  id: stored.id,
  revisionId: stored.revisionId,
  rolloutState: stored.rolloutState,
  rolloutStateReason: stored.rolloutStateReason ?? "",
  alarmsAtStart: stored.alarmsAtStart,
  bakesUntil: stored.bakesUntil ?? null,
  createdAt: stored.createdAt,
  updatedAt: stored.updatedAt,
});

const progressIn = (serviceName: string, stored: DeploymentInOnePiece): DeploymentProgress => ({
  deploymentId: stored.id,
  serviceName,
  failedTasks: stored.failedTasks,
  hasRun: stored.hasRun ?? false,
  breakerCount: stored.breakerCount,
  lastFailureAt: stored.lastFailureAt ?? null,
  startBackoff: stored.startBackoff,
});
