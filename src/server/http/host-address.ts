import { isIPv4 } from "node:net";
import { networkInterfaces } from "node:os";

/**
 * The IPv4 address by which others reach the host of a caller whose socket has this remote address, or null. A caller on this machine comes from
 * loopback, which is somebody else for everyone else, so its address is this machine's own. A proxy's address can't be told from a host's.
 */
export function hostAddress(remoteAddress: string | undefined): string | null {
  const address = (remoteAddress ?? "").replace(/^::ffff:(?=\d+\.)/i, "");
  if (address.startsWith("127.") || address === "::1") return ownAddress();
  return isIPv4(address) ? address : null;
}

/** The first IPv4 address of this machine that isn't loopback; without a network 127.0.0.1. */
export function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.find(({ family, internal }) => family === "IPv4" && !internal)?.address ?? "127.0.0.1";
}
