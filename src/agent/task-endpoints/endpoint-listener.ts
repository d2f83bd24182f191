import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import type { Server } from "node:http";
import { networkInterfaces } from "node:os";
import { promisify } from "node:util";
import type { Log } from "../../lib/log-events.ts";
import type { EndpointDocker } from "./endpoint-sources.ts";

/** AWS: where containers and their SDKs look for the agent. */
export const wellKnown = { address: "169.254.170.2", port: 80 } as const;
/** Tried if another agent or a web server on the host has port 80. AWS: 51679 is the agent's own port. */
const otherPorts = Array.from({ length: 20 }, (_, index) => 51_679 + index);

/** Where the endpoints listen. */
export type ListeningPlace = {
  readonly address: string;
  readonly port: number;
  /** The address was put on the loopback device by us, now or by an earlier process. */
  readonly addedAddress: boolean;
};

export type ListenOptions = {
  readonly docker: EndpointDocker;
  readonly log: Log;
  /** Of an earlier process, whose port running containers use. */
  readonly earlier: ListeningPlace | null;
};

const run = promisify(execFile);

/**
 * Listens where containers of this host can reach it: on 169.254.170.2, which it adds to the loopback device, or else on the
 * gateway of Docker's bridge. Null, with a line in the log, if neither is possible.
 */
export async function listenForContainers(server: Server, options: ListenOptions): Promise<ListeningPlace | null> {
  const { docker, log, earlier } = options;
  if (!docker.address.startsWith("unix://")) {
    log("endpoints-engine-remote", {});
    return null;
  }
  const added = await addressOnLoopback(log);
  if (added !== null) {
    const place = await listenOn(server, wellKnown.address, [wellKnown.port, ...otherPorts], earlier);
    if (place !== null) {
      const addedAddress = added || (earlier?.addedAddress ?? false);
      if (place.port !== wellKnown.port) {
        log("endpoints-port-taken", place);
      }
      return { ...place, addedAddress };
    }
    if (added) await removeAddress(log);
  }
  const gateway = await bridgeGateway(docker, log);
  const place = gateway === null ? null : await listenOn(server, gateway, otherPorts, earlier);
  if (place === null) {
    log("endpoints-unavailable", {});
    return null;
  }
  log("endpoints-elsewhere", place);
  return { ...place, addedAddress: false };
}

/**
 * Restores the address if it has gone: an agent that ends may have looked for others just before this one listened. A socket that
 * listens on it then works again. Never rejects.
 */
export async function keepAddress(place: ListeningPlace, log: Log): Promise<void> {
  if (place.address === wellKnown.address) await addressOnLoopback(log);
}

/** Removes the address unless another agent listens on it. Never rejects. */
export async function leaveAddress(place: ListeningPlace, log: Log): Promise<void> {
  if (!place.addedAddress || place.address !== wellKnown.address) return;
  if (await isListenedOn(wellKnown.address)) return;
  await removeAddress(log);
}

/** True if we added the address, false if it was there, null if it is not available. */
async function addressOnLoopback(log: Log): Promise<boolean | null> {
  const isThere = (): boolean =>
    Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === wellKnown.address));
  if (isThere()) return false;
  try {
    await run("ip", ["address", "add", `${wellKnown.address}/32`, "dev", "lo"], { timeout: 5_000 });
    return true;
  } catch (error) {
    // Another agent may have been faster.
    if (isThere()) return false;
    log("endpoints-address-refused", { err: error });
    return null;
  }
}

async function removeAddress(log: Log): Promise<void> {
  try {
    await run("ip", ["address", "del", `${wellKnown.address}/32`, "dev", "lo"], { timeout: 5_000 });
  } catch (error) {
    log("endpoints-address-left", { err: error });
  }
}

async function listenOn(
  server: Server,
  address: string,
  ports: readonly number[],
  earlier: ListeningPlace | null,
): Promise<Omit<ListeningPlace, "addedAddress"> | null> {
  const preferred = earlier !== null && earlier.address === address ? [earlier.port] : [];
  for (const port of [...preferred, ...ports]) {
    if (await listens(server, address, port)) return { address, port };
  }
  return null;
}

function listens(server: Server, host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const failed = (): void => resolve(false);
    server.once("error", failed);
    server.listen({ host, port }, () => {
      server.off("error", failed);
      resolve(true);
    });
  });
}

async function bridgeGateway(docker: EndpointDocker, log: Log): Promise<string | null> {
  try {
    return (await docker.inspectNetwork("bridge")).IPAM?.Config?.find(({ Gateway }) => Gateway)?.Gateway ?? null;
  } catch (error) {
    log("docker-bridge-missing", { err: error });
    return null;
  }
}

async function isListenedOn(address: string): Promise<boolean> {
  const inHex = address
    .split(".")
    .toReversed()
    .map((part) => Number(part).toString(16).padStart(2, "0").toUpperCase())
    .join("");
  try {
    const lines = (await readFile("/proc/net/tcp", "utf8")).split("\n");
    // The fourth column is the state; 0A is LISTEN.
    return lines.some((line) => {
      const [, local = "", , state] = line.trim().split(/\s+/);
      return local.startsWith(`${inHex}:`) && state === "0A";
    });
  } catch {
    return false;
  }
}
