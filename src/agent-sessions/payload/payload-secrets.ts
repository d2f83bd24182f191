import type { PayloadSecret, RegistryAuthentication } from "../../agent-protocol/to-agent/payload-container.ts";
import type { RequestContainer, RequestSecret } from "../../ecs/definition-rules/task-definition-request.ts";

/**
 * The secrets of a container: those of its environment and of its log driver. The values never pass through here; the agent
 * fetches them with the execution role. `region` is the task's, for secrets named without an ARN.
 */
export function payloadSecrets(container: RequestContainer, region: string): PayloadSecret[] {
  const environment = (container.secrets ?? []).map((secret) => ({
    ...located(secret, region),
    type: "ENVIRONMENT_VARIABLE" as const,
    target: "CONTAINER" as const,
  }));
  const logDriver = (container.logConfiguration?.secretOptions ?? []).map((secret) => ({
    ...located(secret, region),
    type: "BOOTSTRAP" as const,
    target: "LOG_DRIVER" as const,
  }));
  return [...environment, ...logDriver];
}

/** AWS: a secret comes from Secrets Manager if its ARN says so, otherwise from the Parameter Store. */
function located(
  { name = "", valueFrom = "" }: RequestSecret,
  region: string,
): Pick<PayloadSecret, "name" | "valueFrom" | "provider" | "region"> {
  const arn = awsArn(valueFrom);
  return {
    name,
    valueFrom,
    provider: arn?.service === "secretsmanager" ? "asm" : "ssm",
    region: arn?.region || region,
  };
}

/** How the agent logs in to the image's registry. Null if it need not. The container's own credentials override ECR's. */
export function registryAuthentication(
  { image = "", repositoryCredentials }: RequestContainer,
  region: string,
  hasExecutionRole: boolean,
): RegistryAuthentication | null {
  const credentialsParameter = repositoryCredentials?.credentialsParameter;
  if (credentialsParameter !== undefined) {
    const asmAuthData = { credentialsParameter, region: awsArn(credentialsParameter)?.region || region };
    return { type: "asm", asmAuthData };
  }
  const ecr = /^(\d{12})\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\./.exec(image);
  if (ecr === null) return null;
  const [, registryId = "", registryRegion = ""] = ecr;
  return { type: "ecr", ecrAuthData: { registryId, region: registryRegion, useExecutionRole: hasExecutionRole } };
}

function awsArn(text: string): { readonly service: string; readonly region: string } | null {
  const match = /^arn:aws[a-z-]*:([a-z0-9-]+):([a-z0-9-]*):/.exec(text);
  return match === null ? null : { service: match[1] ?? "", region: match[2] ?? "" };
}
