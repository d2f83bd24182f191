import type { ClusterStep } from "../cluster-step.ts";
import type { ServiceView } from "./service-view.ts";

/** Brings the zones of a steady service into balance. */
export function lookAtBalance(_step: ClusterStep, _view: ServiceView): void {}
