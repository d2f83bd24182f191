import { SignatureV4 } from "@smithy/signature-v4";
import type { RandomStream } from "../../src/lib/random.ts";
import { Sha256 } from "../../src/lib/sha256.ts";
import { fuzzKey, place } from "./fuzzed-server.ts";
import { type Envelope, type RequestParts, targetOf } from "./odd-envelope.ts";

const dayMs = 86_400_000;

/**
 * The envelope with a signature. Unless the envelope sets its own, it is right nine times in ten, and otherwise nearly right.
 * Without `random` it is always right.
 */
export async function signedEnvelope(parts: RequestParts, random: RandomStream | null): Promise<Envelope> {
  if (parts.authorization !== undefined) return parts;
  const content = parts.body?.(parts.content) ?? parts.content;
  const slip = random === null || random.chance(0.9) ? null : random.below(8);
  const target = parts.target === undefined ? targetOf(parts.operation) : parts.target;
  const host = parts.host === undefined ? "127.0.0.1" : parts.host;
  const signer = new SignatureV4({
    service: slip === 0 ? "dynamodb" : "ecs",
    region: slip === 1 ? "mars-north-1" : place.region,
    credentials: {
      accessKeyId: slip === 2 ? "AKIAUNKNOWN" : fuzzKey.accessKeyId,
      secretAccessKey: slip === 3 ? "wrong" : fuzzKey.secretAccessKey,
      ...(slip === 4 ? { sessionToken: "made up" } : {}),
    },
    sha256: Sha256,
    applyChecksum: slip !== 5,
  });
  const headers = { ...(host === null ? {} : { host }), ...(target === null ? {} : { "x-amz-target": target }) };
  const request = {
    method: parts.method ?? "POST",
    protocol: "http:",
    hostname: host ?? "",
    path: "/",
    query: {},
    headers,
    body: slip === 6 ? "another body" : content,
  };
  const signingDate = new Date(Date.now() - (slip === 7 ? dayMs : 0));
  const signed = await signer.sign(request, { signingDate });
  const added = Object.entries(signed.headers).filter(([name]) => name.startsWith("x-amz-") && !(name in headers));
  return {
    ...parts,
    authorization: signed.headers.authorization ?? "",
    more: [...(parts.more ?? []), ...added.map(([name, value]) => `${name}: ${value}`)],
  };
}
