import type { PayloadContainer } from "../../../agent-protocol/to-agent/payload-container.ts";
import { ApiError } from "../../remote/api-error.ts";
import type { AwsClient } from "../../remote/aws-client.ts";
import type { ExecutionKeys } from "../../task-services/execution-keys.ts";
import type { TaskInputs } from "../../task-services/task-inputs.ts";
import { failureOf, retriedText, SecretError } from "../../task-services/task-secrets.ts";
import { type DockerLogin, type DockerLogins, registryOf } from "./docker-logins.ts";

/** How to pull an image. */
export type ImageAccess = {
  /** Base64url JSON for the header X-Registry-Auth, or null. */
  readonly auth: string | null;
  /** The reference to pull: the image itself, or the same image in another registry that has it. */
  readonly reference: string;
};

/** A registry does not let the agent in. The message is the reason of the container. */
export class RegistryAccessError extends Error {
  override readonly name = "RegistryAccessError";
}

export type RegistryAccessOptions = {
  readonly client: AwsClient;
  readonly keys: ExecutionKeys;
  readonly inputs: TaskInputs;
  readonly logins: DockerLogins;
};

type Ecr = NonNullable<NonNullable<PayloadContainer["registryAuthentication"]>["ecrAuthData"]>;

/** Logs in to registries: with the credentials of a container, with the token of ECR, or as Docker itself would. */
export class RegistryAccess {
  readonly #options: RegistryAccessOptions;

  constructor(options: RegistryAccessOptions) {
    this.#options = options;
  }

  /** Rejects with RegistryAccessError, or with SecretError for the container's own credentials. */
  async to(image: string, taskArn: string, spec: PayloadContainer): Promise<ImageAccess> {
    const { inputs, logins } = this.#options;
    const { registryAuthentication } = spec;
    const ecr = registryAuthentication?.ecrAuthData;
    if (registryAuthentication?.type === "ecr" && ecr !== undefined && ecr !== null) {
      return await this.#toEcr(image, taskArn, ecr);
    }
    const login = await inputs.login(taskArn, spec);
    if (login !== null) return { reference: image, auth: header({ serveraddress: registryOf(image) ?? "", ...login }) };
    return { reference: image, auth: header(await logins.for(image)) };
  }

  async #toEcr(image: string, taskArn: string, { registryId, region, useExecutionRole }: Ecr): Promise<ImageAccess> {
    const { client, keys } = this.#options;
    const request = registryId ? { registryIds: [registryId] } : {};
    try {
      const credentials = await keys.of(taskArn, useExecutionRole === true, "ecr");
      const answer = await client.json("ecr", "GetAuthorizationToken", request, { region: region ?? "", credentials });
      const { authorizationData = [] } = answer as { readonly authorizationData?: readonly EcrToken[] };
      const [token] = authorizationData;
      const [username = "", password] = Buffer.from(token?.authorizationToken ?? "", "base64")
        .toString("utf8")
        .split(/:(.*)/s);
      if (password === undefined) throw new ApiError("NotAws", "The answer of ecr had no token.", 200);
      return inRegistry(image, token?.proxyEndpoint ?? null, { username, password });
    } catch (error) {
      if (error instanceof SecretError) throw error;
      // AWS: how the reason begins.
      const reason = `CannotPullECRContainerError: unable to retrieve ecr registry auth: ${retriedText(error)}${failureOf(error)}`;
      throw new RegistryAccessError(reason, { cause: error });
    }
  }
}

type EcrToken = { readonly authorizationToken?: string; readonly proxyEndpoint?: string };

/** An emulator of ECR says with the token where its registry is, because the name in the image leads to AWS. */
function inRegistry(
  image: string,
  proxyEndpoint: string | null,
  login: { readonly username: string; readonly password: string },
): ImageAccess {
  const host = proxyEndpoint === null || !URL.canParse(proxyEndpoint) ? null : new URL(proxyEndpoint).host;
  const named = registryOf(image);
  if (host === null || named === null || host === named || /\.amazonaws\.com(\.cn)?$/.test(host)) {
    return { reference: image, auth: header({ serveraddress: named ?? "", ...login }) };
  }
  return { reference: `${host}${image.slice(named.length)}`, auth: header({ serveraddress: host, ...login }) };
}

/** Docker reads only base64url with its padding, which Node leaves out. */
function header(login: DockerLogin | null): string | null {
  if (login === null) return null;
  return Buffer.from(JSON.stringify(login)).toString("base64").replaceAll("+", "-").replaceAll("/", "_");
}
