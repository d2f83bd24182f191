import type { EndpointAnswer, EndpointSources } from "./endpoint-sources.ts";

const refused = (status: number, code: string, message: string): EndpointAnswer => ({
  status,
  body: { code, message: `CredentialsV2Request: ${message}`, HTTPErrorCode: status },
});

/** GET /v2/credentials/<id>: the role's credentials in the form that SDKs read. AWS: the errors' codes and texts. */
export async function credentialsAnswer(
  { credentials, credentialsFor, log }: Pick<EndpointSources, "credentials" | "credentialsFor" | "log">,
  id: string,
): Promise<EndpointAnswer> {
  if (id === "") return refused(400, "NoIdInRequest", "No ID in the request");
  const role = credentials.find(id);
  if (role === null) return refused(400, "InvalidIdInRequest", "Credentials not found");
  let found = role.credentials;
  try {
    found = (await credentialsFor?.(role)) ?? found;
  } catch (error) {
    log("task-credentials-missing", { err: error, task: role.taskArn });
    return refused(503, "CredentialsUninitialized", "Credentials uninitialized for ID");
  }
  if (!found.accessKeyId) return refused(503, "CredentialsUninitialized", "Credentials uninitialized for ID");
  return {
    status: 200,
    body: {
      RoleArn: found.roleArn ?? "",
      AccessKeyId: found.accessKeyId,
      SecretAccessKey: found.secretAccessKey ?? "",
      Token: found.sessionToken ?? "",
      Expiration: found.expiration ?? "",
    },
  };
}
