import { SignatureV4 } from "@smithy/signature-v4";
import { Sha256 } from "../src/lib/sha256.ts";

/** A whole signed HTTP request for `operation`, ready to be written to a socket as often as wanted within five minutes. */
export async function signedRequest(
  port: number,
  operation: string,
  body: object,
  key: { readonly accessKeyId: string; readonly secretAccessKey: string },
): Promise<Buffer> {
  const text = JSON.stringify(body);
  const host = `127.0.0.1:${port}`;
  const signer = new SignatureV4({
    service: "ecs",
    region: "us-east-1",
    credentials: key,
    sha256: Sha256,
  });
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
      "x-amz-target": `AmazonEC2ContainerServiceV20141113.${operation}`,
      "content-length": String(Buffer.byteLength(text)),
    },
    body: text,
  });
  const head = Object.entries(signed.headers).map(([name, value]) => `${name}: ${value}`);
  return Buffer.from(`POST / HTTP/1.1\r\n${head.join("\r\n")}\r\n\r\n${text}`);
}
