import { SignatureV4 } from "@smithy/signature-v4";
import { Sha256 } from "../src/lib/sha256.ts";

export type BenchKey = { readonly accessKeyId: string; readonly secretAccessKey: string };

export type SignedRequestOptions = {
  /** Default: us-east-1. */
  readonly region?: string;
  /** The service that the signature is for. Default: ecs. */
  readonly service?: string;
  /** `chunked`: announced by Transfer-Encoding instead of a length, and the body follows as one chunk. */
  readonly framing?: "length" | "chunked";
};

/**
 * A whole signed HTTP request, which can be written to a socket any number of times within five minutes. `operation` is one of
 * ECS, or a whole target such as `BerthV1.PlanDrain`.
 */
export async function signedRequest(
  port: number,
  operation: string,
  body: object,
  key: BenchKey,
  { region = "us-east-1", service = "ecs", framing = "length" }: SignedRequestOptions = {},
): Promise<Buffer> {
  const text = JSON.stringify(body);
  const bytes = Buffer.byteLength(text);
  const host = `127.0.0.1:${port}`;
  const signer = new SignatureV4({ service, region, credentials: key, sha256: Sha256 });
  const signed = await signer.sign({
    method: "POST",
    protocol: "http:",
    hostname: "127.0.0.1",
    port,
    path: "/",
    query: {},
    headers: {
      host,
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": operation.includes(".") ? operation : `AmazonEC2ContainerServiceV20141113.${operation}`,
      ...(framing === "length" ? { "content-length": String(bytes) } : { "transfer-encoding": "chunked" }),
    },
    body: text,
  });
  const head = Object.entries(signed.headers).map(([name, value]) => `${name}: ${value}`);
  const sent = framing === "length" ? text : `${bytes.toString(16)}\r\n${text}\r\n0\r\n\r\n`;
  return Buffer.from(`POST / HTTP/1.1\r\n${head.join("\r\n")}\r\n\r\n${sent}`);
}
