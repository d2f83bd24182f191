import type { CredentialsLookup } from "../task-credentials.ts";
import type { EndpointAnswer } from "./endpoint-sources.ts";

const refused = (status: number, code: string, message: string): EndpointAnswer => ({
  status,
  body: { code, message: `CredentialsV2Request: ${message}`, HTTPErrorCode: status },
});

/** GET /v2/credentials/<id>: the role's credentials in the form that SDKs read. AWS: the errors' codes and texts. */
export function credentialsAnswer(credentials: CredentialsLookup, id: string): EndpointAnswer {
  if (id === "") return refused(400, "NoIdInRequest", "No ID in the request");
  const found = credentials.find(id)?.credentials;
  if (found === undefined) return refused(400, "InvalidIdInRequest", "Credentials not found");
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
