/**
 * The names by which this server may be called. A web page can give its own DNS name the address of this machine (DNS rebinding)
 * and is then allowed by the browser to talk to it; the Host header still has the page's name.
 */

/** A Host header taken apart: the name in lower case, an IPv6 address in brackets and shortest form. */
export type HostName = { readonly name: string; readonly port: number | null };

/** Where a request arrived: the server's own end of the connection. */
export type ArrivedAt = { readonly localAddress: string | undefined; readonly localPort: number | undefined };

export type AllowedHostsOptions = {
  /** The address that the server listens on, as `--host` gives it. */
  readonly listenHost: string;
  /** The origin that `--advertise` gives, or null. */
  readonly advertise: string | null;
  /** Further names, as `--allow-host` gives them; without a port, with every port. */
  readonly names: readonly string[];
  /**
   * Whether names like `bucket.localhost` are ours: a companion finds the name of a bucket there. Browsers don't look such names up, so no page can have
   * one that isn't on this machine (RFC 6761 6.3).
   */
  readonly namesUnderLocalhost?: boolean;
};

/** What containers call the machine that they run on: Docker Desktop's names and Podman's. */
const machineNamesForContainers = new Set([
  "host.docker.internal",
  "gateway.docker.internal",
  "host.containers.internal",
]);

const hostForm = /^(?:[\w.-]{1,253}|\[[\da-f:.]{2,45}\])$/i;

/** A Host header, or what `--allow-host` takes; null when it is neither a name nor an address, with or without a port. */
export function parseHost(text: string): HostName | null {
  const [, name = "", port] = /^(.*?)(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (!hostForm.test(name) || Number(port ?? 0) > 65_535) return null;
  return { name: canonicalName(name), port: port === undefined ? null : Number(port) };
}

function canonicalName(name: string): string {
  // The same IPv6 address has many forms. Other names are compared as they came, so that 2130706433 is not 127.0.0.1.
  if (name.startsWith("[") && URL.canParse(`http://${name}`)) return new URL(`http://${name}`).hostname;
  return name.toLowerCase();
}

export class AllowedHosts {
  /** By name; null allows every port. */
  readonly #names = new Map<string, Set<number | null>>();
  /** Names that hold with the port that the server listens on, or without one. */
  readonly #ownNames = new Set(["localhost", "[::1]"]);

  readonly #namesUnderLocalhost: boolean;

  constructor({ listenHost, advertise, names, namesUnderLocalhost = false }: AllowedHostsOptions) {
    this.#namesUnderLocalhost = namesUnderLocalhost;
    for (const name of names) {
      const parsed = parseHost(name);
      if (parsed !== null) this.#allow(parsed.name, parsed.port);
    }
    if (advertise !== null) this.#allow(new URL(advertise).hostname, null);
    const listens = parseHost(listenHost.includes(":") ? `[${listenHost}]` : listenHost);
    if (listens !== null && !/^(?:0\.0\.0\.0|\[::\])$/.test(listens.name)) this.#ownNames.add(listens.name);
  }

  /** Whether a page of this name is one of ours. */
  allows({ name, port }: HostName, arrived: ArrivedAt): boolean {
    const ports = this.#names.get(name);
    if (ports !== undefined && (ports.has(null) || ports.has(port))) return true;
    if (port !== null && port !== arrived.localPort) return false;
    if (this.#namesUnderLocalhost && name.endsWith(".localhost")) return true;
    return this.#ownNames.has(name) || isLoopbackAddress(name) || name === literal(arrived.localAddress);
  }

  /** Whether containers call their machine so. Their DNS resolves it, not the world's; but no browser needs to be believed with it. */
  isNameForContainers({ name, port }: HostName, arrived: ArrivedAt): boolean {
    return machineNamesForContainers.has(name) && (port === null || port === arrived.localPort);
  }

  #allow(name: string, port: number | null): void {
    const ports = this.#names.get(name) ?? new Set();
    this.#names.set(name, ports.add(port));
  }
}

/** 127.0.0.0/8 as browsers write it: four decimal numbers. */
function isLoopbackAddress(name: string): boolean {
  const parts = name.split(".");
  return (
    parts.length === 4 &&
    parts[0] === "127" &&
    parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)
  );
}

/** The address of a socket in the form of a Host header. */
function literal(address: string | undefined): string | null {
  if (address === undefined) return null;
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, "").replace(/%.*$/, "");
  return plain.includes(":") ? canonicalName(`[${plain}]`) : plain;
}
