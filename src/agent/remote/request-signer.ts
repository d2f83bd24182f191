import { SignatureV4 } from "@smithy/signature-v4";
import { Sha256 } from "../../lib/sha256.ts";

/** An agent's access key. */
export type AgentCredentials = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of temporary credentials. Null for others. */
  readonly sessionToken: string | null;
};

export type RequestToSign = {
  readonly method: "GET" | "POST";
  readonly url: URL;
  /** By lower-case names. `host` is added. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

export type RequestSignerOptions = {
  /** As the scope of the signature has it, such as `ecs`. */
  readonly service: string;
  readonly region: string;
  readonly credentials: AgentCredentials;
};

/** Signs an agent's requests (Signature Version 4). */
export class RequestSigner {
  readonly #signer: SignatureV4;

  constructor({ service, region, credentials }: RequestSignerOptions) {
    const { accessKeyId, secretAccessKey, sessionToken } = credentials;
    this.#signer = new SignatureV4({
      service,
      region,
      credentials: { accessKeyId, secretAccessKey, ...(sessionToken === null ? {} : { sessionToken }) },
      sha256: Sha256,
      // AWS: agents sign no header for the body's hash. S3 demands it, and reads paths without another encoding.
      applyChecksum: service === "s3",
      uriEscapePath: service !== "s3",
    });
  }

  /** The headers of the request with those that sign it: `host`, `x-amz-date`, `authorization`, and one for a session token. */
  async sign({ method, url, headers, body }: RequestToSign): Promise<Readonly<Record<string, string>>> {
    const signed = await this.#signer.sign({
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: { ...headers, host: url.host },
      body,
    });
    return signed.headers;
  }
}
