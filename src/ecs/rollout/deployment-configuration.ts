import { isAlarmName } from "../documents/alarm.ts";
import type { CircuitBreaker, DeploymentAlarms, DeploymentConfiguration } from "../documents/deployment.ts";
import type { Service } from "../documents/service.ts";
import { limits } from "../limits.ts";
import { refuse } from "../refusals.ts";

/** The deployment configuration of a call, as far as Berth has it; `not-built.ts` refuses the rest. */
export type RequestDeploymentConfiguration = {
  readonly strategy?: string;
  readonly minimumHealthyPercent?: number;
  readonly maximumPercent?: number;
  readonly deploymentCircuitBreaker?: {
    readonly enable?: boolean;
    readonly rollback?: boolean;
    readonly resetOnHealthyTask?: boolean;
    readonly thresholdConfiguration?: { readonly type?: string; readonly value?: number };
  };
  readonly alarms?: {
    readonly alarmNames?: readonly string[];
    readonly enable?: boolean;
    readonly rollback?: boolean;
  };
};

// AWS: the defaults of the API; the clamps of BOUNDED_PERCENT are the circuit breaker's own business.
const noBreaker: CircuitBreaker = {
  enable: false,
  rollback: false,
  resetOnHealthyTask: true,
  thresholdConfiguration: { type: "BOUNDED_PERCENT", value: 50 },
};

const noAlarms: DeploymentAlarms = { alarmNames: [], enable: false, rollback: false };

/** What a service has that says nothing of its deployments. AWS: DAEMON services stop before they start, REPLICA services start first. */
export const defaultConfiguration = (scheduling: Service["schedulingStrategy"]): DeploymentConfiguration => ({
  strategy: "ROLLING",
  minimumHealthyPercent: scheduling === "DAEMON" ? 0 : 100,
  maximumPercent: scheduling === "DAEMON" ? 100 : 200,
  deploymentCircuitBreaker: noBreaker,
  alarms: noAlarms,
});

/**
 * `before` with the members of the call in their place. Refuses percentages that are no whole numbers of 0 or more, a minimum
 * above 100, a maximum below 100 (above 100 for a DAEMON service), and thresholds that are none, with
 * InvalidParameterException. AWS: 100 and 100 is refused when it is asked for; a DAEMON service has no more than 100 and may have it.
 */
export function checkedConfiguration(
  requested: RequestDeploymentConfiguration | undefined,
  before: DeploymentConfiguration,
  scheduling: Service["schedulingStrategy"],
): DeploymentConfiguration {
  const { minimumHealthyPercent = before.minimumHealthyPercent, maximumPercent = before.maximumPercent } =
    requested ?? {};
  checkPercent("minimumHealthyPercent", minimumHealthyPercent);
  checkPercent("maximumPercent", maximumPercent);
  if (minimumHealthyPercent > 100) {
    refuse("InvalidParameterException", "minimumHealthyPercent must be at most 100");
  }
  if (maximumPercent < 100) refuse("InvalidParameterException", "maximumPercent must be at least 100");
  const isAsked = requested?.minimumHealthyPercent !== undefined || requested?.maximumPercent !== undefined;
  if (isAsked && scheduling === "REPLICA" && minimumHealthyPercent === 100 && maximumPercent === 100) {
    // AWS: the text as users see it.
    refuse(
      "InvalidParameterException",
      "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments.",
    );
  }
  if (scheduling === "DAEMON" && maximumPercent > 100) {
    // AWS: the text as users see it.
    refuse(
      "InvalidParameterException",
      "The daemon scheduling strategy does not support values above 100 for maximumPercent on a deployment configuration. Change the maximumPercent value to 100, and try again",
    );
  }
  const deploymentCircuitBreaker = checkedBreaker(requested?.deploymentCircuitBreaker, before.deploymentCircuitBreaker);
  const alarms = checkedAlarms(requested?.alarms, before.alarms);
  const strategy = requested?.strategy ?? before.strategy;
  return { strategy, minimumHealthyPercent, maximumPercent, deploymentCircuitBreaker, alarms };
}

/** AWS: all three members are required. */
function checkedAlarms(
  requested: RequestDeploymentConfiguration["alarms"],
  before: DeploymentAlarms,
): DeploymentAlarms {
  if (requested === undefined) return before;
  const { alarmNames, enable, rollback } = requested;
  if (alarmNames === undefined || enable === undefined || rollback === undefined) {
    refuse("InvalidParameterException", "alarms must have alarmNames, enable and rollback.");
  }
  if (enable && alarmNames.length === 0) {
    refuse("InvalidParameterException", "alarms must have at least one of alarmNames when they are enabled.");
  }
  if (alarmNames.length > limits.alarmsPerDeployment || !alarmNames.every(isAlarmName)) {
    refuse(
      "InvalidParameterException",
      `alarmNames must be at most ${limits.alarmsPerDeployment} names of 1 to ${limits.nameCharacters} characters.`,
    );
  }
  return { alarmNames: [...new Set(alarmNames)], enable, rollback };
}

function checkPercent(member: string, percent: number): void {
  if (Number.isInteger(percent) && percent >= 0) return;
  refuse("InvalidParameterException", `${member} must be a whole number of 0 or more.`);
}

/** AWS: enable and rollback are required; what is not given beside them is the default, whatever was there before. */
function checkedBreaker(
  requested: RequestDeploymentConfiguration["deploymentCircuitBreaker"],
  before: CircuitBreaker,
): CircuitBreaker {
  if (requested === undefined) return before;
  const { enable, rollback, resetOnHealthyTask = noBreaker.resetOnHealthyTask } = requested;
  if (enable === undefined || rollback === undefined) {
    refuse("InvalidParameterException", "deploymentCircuitBreaker must have enable and rollback.");
  }
  return {
    enable,
    rollback,
    resetOnHealthyTask,
    thresholdConfiguration: checkedThreshold(requested.thresholdConfiguration),
  };
}

function checkedThreshold(
  requested: { readonly type?: string; readonly value?: number } | undefined,
): CircuitBreaker["thresholdConfiguration"] {
  const { type = "BOUNDED_PERCENT", value = 50 } = requested ?? {};
  if (type !== "BOUNDED_PERCENT" && type !== "UNBOUNDED_PERCENT" && type !== "COUNT") {
    refuse(
      "InvalidParameterException",
      "thresholdConfiguration type should be one of [BOUNDED_PERCENT,UNBOUNDED_PERCENT,COUNT]",
    );
  }
  if (type === "COUNT" && requested?.value === undefined) {
    refuse("InvalidParameterException", "thresholdConfiguration of type COUNT must have a value.");
  }
  if (!Number.isInteger(value) || value < 1) {
    refuse("InvalidParameterException", "thresholdConfiguration value must be a whole number of 1 or more.");
  }
  return { type, value };
}
