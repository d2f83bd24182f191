import { randomInt } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { HostPortUse } from "../container-runtime.ts";
import { dynamicPorts } from "../engine/host-ports.ts";

/** The local ports in the text of /proc/net/tcp, or a similar table, that are in the range agents pick from. */
export function portsIn(table: string): readonly number[] {
  const ports = new Set<number>();
  for (const [, digits = ""] of table.matchAll(/^ *\d+: [0-9A-F]+:([0-9A-F]{4}) /gm)) {
    const port = Number.parseInt(digits, 16);
    if (port >= dynamicPorts.first && port <= dynamicPorts.last) ports.add(port);
  }
  return [...ports];
}

/**
 * The ports that programs and other agents of this host use. With these and a random first port, two agents hardly ever pick the
 * same one. Connections count too, because nothing can listen on their ports. Never rejects: a table that cannot be read has no
 * ports.
 */
export async function hostPortUse(): Promise<HostPortUse> {
  const [tcp, udp] = await Promise.all(["tcp", "udp"].map(ofProtocol));
  return { tcp: tcp ?? [], udp: udp ?? [], from: randomInt(dynamicPorts.first, dynamicPorts.last + 1) };
}

async function ofProtocol(protocol: string): Promise<readonly number[]> {
  const tables = [protocol, `${protocol}6`].map((name) => readFile(`/proc/net/${name}`, "latin1").catch(() => ""));
  return portsIn((await Promise.all(tables)).join("\n"));
}
