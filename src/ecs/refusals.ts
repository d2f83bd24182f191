/**
 * Every code that the rulebook may refuse a call with. AWS: the exception classes of the ECS API model; a test compares this list with the
 * official SDK.
 */
export const refusalCodes = [
  "AccessDeniedException",
  "AttributeLimitExceededException",
  "BlockedException",
  "ClientException",
  "ClusterContainsCapacityProviderException",
  "ClusterContainsContainerInstancesException",
  "ClusterContainsServicesException",
  "ClusterContainsTasksException",
  "ClusterNotFoundException",
  "ConflictException",
  "DaemonNotActiveException",
  "DaemonNotFoundException",
  "GatewayNotFoundException",
  "InvalidParameterException",
  "LimitExceededException",
  "MissingVersionException",
  "NamespaceNotFoundException",
  "NoUpdateAvailableException",
  "PlatformTaskDefinitionIncompatibilityException",
  "PlatformUnknownException",
  "ResourceInUseException",
  "ResourceNotFoundException",
  "ServerException",
  "ServiceDeploymentNotFoundException",
  "ServiceNotActiveException",
  "ServiceNotFoundException",
  "TargetNotConnectedException",
  "TargetNotFoundException",
  "TaskSetNotFoundException",
  "UnsupportedFeatureException",
  "UpdateInProgressException",
] as const;

export type RefusalCode = (typeof refusalCodes)[number];

/** A call that its service answers with an error. Thrown inside a step, which then leaves no trace. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  /** A {@link RefusalCode} of ECS, or a code of another service's own. */
  readonly code: string;
  /** Members beside `message`, for the few errors that have them (ConflictException.resourceIds). */
  readonly members: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, members: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.code = code;
    this.members = members;
  }
}

/** Throws the refusal `code` with the text for the caller. */
export function refuse(code: RefusalCode, message: string, members?: Readonly<Record<string, unknown>>): never {
  throw new Refusal(code, message, members);
}
