import { must } from "../../lib/assert.ts";
import type { Service } from "../documents/service.ts";
import { rolling } from "./rolling.ts";
import type { Strategy } from "./task-sets.ts";

/** Each strategy by its name in `deploymentConfiguration.strategy`. Those of AWS that are not here are refused (services/not-built.ts). */
export const strategies: ReadonlyMap<string, Strategy> = new Map([["ROLLING", rolling]]);

/** The strategy of a service. */
export const strategyOf = ({ deploymentConfiguration }: Service): Strategy =>
  must(strategies.get(deploymentConfiguration.strategy), "the strategy of a service");
