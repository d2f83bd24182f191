/** How long a server takes to start on a directory with many empty places, as attacks on older versions left them. */
import { execFileSync } from "node:child_process";
import { cpSync } from "node:fs";
import { join, resolve } from "node:path";
import { startCheckoutServer, withDataDir } from "../checkout-server.ts";

/** The outcome of the starts: milliseconds, or null if the server ended instead. */
export type ForgottenPlaces = {
  readonly places: number;
  readonly here: number | null;
  readonly against?: number | null;
};

/** The older versions do not start with 20,000 or more: with the default cluster's places they exceed the maximum. */
export const placeCounts = [19_900, 20_000] as const;

/** Opens the partitions like a server that is asked about each place once. */
const opening = (checkout: string, dataDir: string, places: number): string => `
  const { SqliteStore } = await import(${JSON.stringify(resolve(checkout, "src/store/sqlite/sqlite-store.ts"))});
  const store = new SqliteStore({ dataDir: ${JSON.stringify(dataDir)} });
  for (let at = 0; at < ${places}; at++) await store.open("account/111111111111/made-up-" + at);
  await store.close();
`;

/** Makes such a directory, with the store of the other checkout if there is one, and starts each server on a copy of it. */
export function startOnForgottenPlaces(places: number, here: string, against: string | null): Promise<ForgottenPlaces> {
  return withDataDir(async (dataDir) => {
    const source = join(dataDir, "source");
    execFileSync(process.execPath, ["--input-type=module", "--eval", opening(against ?? here, source, places)]);
    const startOn = async (checkout: string, name: string): Promise<number | null> => {
      const copy = join(dataDir, name);
      cpSync(source, copy, { recursive: true });
      const flags = ["--data-dir", copy, "--instances", "0", "--log-level", "warn"];
      const server = await startCheckoutServer({ checkout, command: "dev", flags }).catch((error: unknown) => {
        process.stderr.write(`${String(error)}\n`);
        return null;
      });
      await server?.stop();
      return server?.startedInMs ?? null;
    };
    const startedAgainst = against === null ? {} : { against: await startOn(against, "against") };
    return { places, ...startedAgainst, here: await startOn(here, "here") };
  });
}
