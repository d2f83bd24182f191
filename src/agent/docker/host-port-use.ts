import { randomInt } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { HostPortUse } from "../container-runtime.ts";
import { dynamicPorts } from "../engine/host-ports.ts";

/** The local ports in the text of /proc/net/tcp, or of a table like it, that agents give out by themselves. */
export function portsIn(table: string): readonly number[] {
  const ports = new Set<number>();
  for (const [, digits = ""] of table.matchAll(/^ *\d+: [0-9A-F]+:([0-9A-F]{4}) /gm)) {
    const port = Number.parseInt(digits, 16);
    if (port >= dynamicPorts.first && port <= dynamicPorts.last) ports.add(port);
  }
  return [...ports];
}

/**
 * Which ports programs and other agents of this host have: with these, and a first one at random, two agents hardly ever pick
 * the same. Connections count too, since nothing can listen on their ports. Never rejects: what cannot be read has no ports.
 */
export async function hostPortUse(): Promise<HostPortUse> {
  const [tcp, udp] = await Promise.all(["tcp", "udp"].map(ofProtocol));
  return { tcp: tcp ?? [], udp: udp ?? [], from: randomInt(dynamicPorts.first, dynamicPorts.last + 1) };
}

async function ofProtocol(protocol: string): Promise<readonly number[]> {
  const tables = [protocol, `${protocol}6`].map((name) => readFile(`/proc/net/${name}`, "latin1").catch(() => ""));
  return portsIn((await Promise.all(tables)).join("\n"));
}
