import type { ServiceView } from "../service-view/service-view.ts";

/** Why a service's percentages let neither a replacement start nor a task stop, and which ones would. */
export function percentagesDetail(view: ServiceView): string {
  const { desiredCount, deploymentConfiguration } = view.service;
  const { minimumHealthyPercent, maximumPercent } = deploymentConfiguration;
  const { lower, upper } = view;
  const there = view.keepers.length + view.leavers.length + view.stopping;
  const healthy = [...view.keepers, ...view.leavers].filter(({ serves }) => serves).length;
  const most = Math.ceil(((there + 1) * 100) / Math.max(1, desiredCount));
  const least = Math.floor((Math.max(0, healthy - 1) * 100) / Math.max(1, desiredCount));
  const bounds = `minimumHealthyPercent ${minimumHealthyPercent} and maximumPercent ${maximumPercent} keep at least ${lower} and at most ${upper} tasks`;
  return `With ${desiredCount} wanted, ${bounds}: no task can start or stop. A maximumPercent of ${most} or a minimumHealthyPercent of ${least} would let it leave.`;
}
