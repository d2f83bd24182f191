import { type CallPlanner, clusterOf } from "./planned-call.ts";

export const listServiceDeployments: CallPlanner = (draw, known) => {
  const service = draw.pickOrNull(known.services);
  if (service === null) return null;
  return {
    operation: "ListServiceDeployments",
    request: {
      ...clusterOf(draw, known, service),
      service,
      ...draw.maybe(0.3, () => ({ status: draw.some(["IN_PROGRESS", "SUCCESSFUL", "STOPPED", "ROLLBACK_FAILED"], 2) })),
      ...draw.maybe(0.3, () => ({ maxResults: draw.between(1, 3) })),
    },
  };
};

export const describeServiceDeployments: CallPlanner = (draw, known) => {
  const serviceDeploymentArns = draw.some(known.serviceDeployments, 3);
  if (serviceDeploymentArns.length === 0) return null;
  if (draw.chance(0.1)) serviceDeploymentArns.push(`${serviceDeploymentArns[0]?.slice(0, -3)}abc`);
  return { operation: "DescribeServiceDeployments", request: { serviceDeploymentArns } };
};

export const describeServiceRevisions: CallPlanner = (draw, known) => {
  const serviceRevisionArns = draw.some(known.serviceRevisions, 3);
  if (serviceRevisionArns.length === 0) return null;
  return { operation: "DescribeServiceRevisions", request: { serviceRevisionArns } };
};

/** Mostly the newest ones, because finished ones conflict. */
export const stopServiceDeployment: CallPlanner = (draw, known) => {
  const { serviceDeployments } = known;
  const serviceDeploymentArn = draw.pickOrNull(draw.chance(0.7) ? serviceDeployments.slice(-3) : serviceDeployments);
  if (serviceDeploymentArn === null) return null;
  return {
    operation: "StopServiceDeployment",
    request: {
      serviceDeploymentArn,
      ...draw.maybe(0.7, () => ({
        stopType: draw.weighted([
          [6, "ROLLBACK"],
          [5, "ABORT"],
          [1, "PAUSE"],
        ]),
      })),
    },
  };
};
