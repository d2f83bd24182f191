import { randomBytes } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import type { ListeningPlace } from "./endpoint-listener.ts";

/** What the endpoints remember from one process to the next, because running containers depend on it. */
export type EndpointMemory = { readonly secret: string; readonly place: ListeningPlace | null };

/** Reads the file. Starts fresh if it is missing or incomplete. */
export async function recallEndpoints(file: string | null): Promise<EndpointMemory> {
  const fresh: EndpointMemory = { secret: randomBytes(32).toString("hex"), place: null };
  if (file === null) return fresh;
  try {
    const { secret, place }: Partial<EndpointMemory> = JSON.parse(await readFile(file, "utf8"));
    if (typeof secret !== "string" || secret.length < 32) return fresh;
    const whole = typeof place?.address === "string" && typeof place.port === "number";
    return { secret, place: whole ? { ...place, addedAddress: place.addedAddress === true } : null };
  } catch (error) {
    if (error instanceof SyntaxError || (error instanceof Error && "code" in error && error.code === "ENOENT"))
      return fresh;
    throw error;
  }
}

/** Only the agent's user may read it: the secret gives away every container's path. */
export async function rememberEndpoints(file: string | null, memory: EndpointMemory): Promise<void> {
  if (file === null) return;
  await writeFile(`${file}.new`, JSON.stringify(memory), { mode: 0o600 });
  await rename(`${file}.new`, file);
}
