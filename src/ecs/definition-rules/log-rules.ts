import { checkedText, checkOneOf, refuseDefinition } from "./definition-checks.ts";
import { isObjectArn } from "./environment-rules.ts";
import type { RequestContainer, RequestLogConfiguration } from "./task-definition-request.ts";

const logDrivers = ["json-file", "syslog", "journald", "gelf", "fluentd", "awslogs", "splunk", "awsfirelens"];

/** Refuses a log configuration or log router that is wrong in itself. AWS: users report the texts for the driver awslogs. */
export function checkLogging({ logConfiguration, firelensConfiguration }: RequestContainer): void {
  if (firelensConfiguration !== undefined) checkRouter(firelensConfiguration);
  if (logConfiguration === undefined) return;
  const driver = checkedText(logConfiguration.logDriver, "Container.logConfiguration.logDriver");
  checkOneOf(driver, logDrivers, "Container.logConfiguration.logDriver");
  for (const secret of logConfiguration.secretOptions ?? []) {
    checkedText(secret.name, "Container.logConfiguration.secretOptions.name");
    checkedText(secret.valueFrom, "Container.logConfiguration.secretOptions.valueFrom");
  }
  if (driver === "awslogs") checkAwslogs(logConfiguration.options ?? {});
}

function checkAwslogs(options: NonNullable<RequestLogConfiguration["options"]>): void {
  const missing = ["awslogs-region", "awslogs-group"].filter((option) => !options[option]);
  if (missing.length > 0) refuseDefinition(`Log driver awslogs requires options: ${missing.join(", ")}`);
  // AWS: the list of accepted options is unpublished; users report refused options of other drivers.
  const foreign = Object.keys(options).filter((option) => !/^(awslogs-.+|mode|max-buffer-size|tag)$/.test(option));
  if (foreign.length > 0) refuseDefinition(`Log driver awslogs disallows options: ${foreign.join(", ")}`);
}

function checkRouter({ type, options }: NonNullable<RequestContainer["firelensConfiguration"]>): void {
  checkOneOf(
    checkedText(type, "Container.firelensConfiguration.type"),
    ["fluentd", "fluentbit"],
    "Container.firelensConfiguration.type",
  );
  if (options?.["config-file-type"] === "s3" && !isObjectArn(options["config-file-value"] ?? "")) {
    refuseDefinition("Invalid arn syntax.");
  }
}

/** Refuses awsfirelens without a router among the containers, and an unused router. AWS: users report the texts. */
export function checkLogRouters(containers: readonly RequestContainer[]): void {
  const hasRouter = containers.some(({ firelensConfiguration }) => firelensConfiguration !== undefined);
  const usesRouter = containers.some(({ logConfiguration }) => logConfiguration?.logDriver === "awsfirelens");
  if (usesRouter && !hasRouter) {
    refuseDefinition(
      "When awsfirelens log driver is specified in log configuration, a firelens configuration object must be configured in one of the containers.",
    );
  }
  if (hasRouter && !usesRouter) {
    refuseDefinition(
      "When a firelensConfiguration object is specified, at least one container has to be configured with the awsfirelens log driver.",
    );
  }
}
