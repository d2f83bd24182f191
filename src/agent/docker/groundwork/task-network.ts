import type { ElasticNetworkInterface } from "../../../agent-protocol/to-agent/network-interface.ts";
import type { DockerNetwork } from "../engine/docker-answers.ts";
import type { DockerEngine } from "../engine/docker-engine.ts";
import { DockerError, isNotFound } from "../engine/docker-error.ts";

/** Marks what belongs to us. The value of the second is the subnet in CIDR form. */
export const networkLabels = { managed: "berth.managed", subnet: "berth.subnet" } as const;

/** What Docker needs to know about a task's interface. */
export type TaskAddress = {
  readonly address: string;
  readonly macAddress: string | null;
  /** The network, such as `10.64.16.0/20`, and its gateway. */
  readonly subnet: string;
  readonly gateway: string;
  readonly hostname: string | null;
  readonly nameServers: readonly string[];
  readonly searchDomains: readonly string[];
};

/** Reads the interface of a payload. Throws an Error that says what is wrong with it. */
export function taskAddress(eni: ElasticNetworkInterface): TaskAddress {
  const addresses = eni.ipv4Addresses ?? [];
  const address = (addresses.find(({ primary }) => primary) ?? addresses[0])?.privateAddress;
  const [gateway = "", length = ""] = (eni.subnetGatewayIpv4Address ?? "").split("/");
  const prefix = /^\d+$/.test(length) ? Number(length) : 0;
  const [own, router] = [numberOf(address ?? ""), numberOf(gateway)];
  if (address === undefined || own === null) throw new Error("the network interface has no IPv4 address");
  if (router === null || prefix < 8 || prefix > 30) {
    throw new Error(
      `the gateway of the network interface, "${eni.subnetGatewayIpv4Address ?? ""}", is not in CIDR form`,
    );
  }
  const subnet = firstOf(router, prefix);
  if (firstOf(own, prefix) !== subnet) throw new Error(`${address} is not in the subnet of ${gateway}/${prefix}`);
  if (firstOf(router, 12) !== firstOf(taskRange, 12) || prefix < 12) {
    throw new Error(`the subnet of ${gateway}/${prefix} is outside 10.64.0.0/12, the range for tasks`);
  }
  return {
    address,
    macAddress: eni.macAddress === undefined || eni.macAddress === "" ? null : (eni.macAddress ?? null),
    subnet: `${textOf(subnet)}/${prefix}`,
    gateway,
    hostname: eni.privateDnsName || null,
    nameServers: eni.domainNameServers ?? [],
    searchDomains: eni.domainName ?? [],
  };
}

const firstOf = (address: number, prefix: number): number =>
  Math.floor(address / 2 ** (32 - prefix)) * 2 ** (32 - prefix);
/** 10.64.0.0. A bridge for any other range could shadow a network that this host reaches through its router. */
const taskRange = 0x0a_40_00_00;
const textOf = (address: number): string => [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join(".");

function numberOf(address: string): number | null {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(address)) return null;
  const parts = address.split(".").map(Number);
  return parts.some((part) => part > 255) ? null : parts.reduce((sum, part) => sum * 256 + part, 0);
}

/** The network name of a subnet, on every host: `berth-10.64.16.0-20`. */
export const networkName = (subnet: string): string => `berth-${subnet.replace("/", "-")}`;

/**
 * The bridge networks that represent subnets. One is created for the first task of a subnet, and all agents of the host share it.
 * DIFFERS: a subnet is a bridge on each host: tasks reach each other by address within a subnet of one host, but not across hosts or subnets. Security groups are accepted and not enforced.
 */
export class TaskNetworks {
  readonly #docker: DockerEngine;

  constructor(docker: DockerEngine) {
    this.#docker = docker;
  }

  /**
   * Creates the network of this address if it is missing, and returns its name. Rejects with the engine's error, or one that
   * names the overlapping network.
   */
  async ensure({ subnet, gateway }: TaskAddress): Promise<string> {
    const name = networkName(subnet);
    if (await this.#isThere(name, subnet, gateway)) return name;
    try {
      await this.#docker.createNetwork({
        Name: name,
        Driver: "bridge",
        CheckDuplicate: true,
        IPAM: { Driver: "default", Config: [{ Subnet: subnet, Gateway: gateway }] },
        Labels: { [networkLabels.managed]: "true", [networkLabels.subnet]: subnet },
      });
    } catch (error) {
      if (!(error instanceof DockerError)) throw error;
      // Another agent may have been faster.
      if (await this.#isThere(name, subnet, gateway)) return name;
      const owner = await this.#overlapping(subnet);
      if (owner === null) throw error;
      throw new Error(`the subnet ${subnet} overlaps with the network ${owner} of this host`, { cause: error });
    }
    return name;
  }

  /** Removes the network if it has no containers, and returns whether it did. Never rejects: whoever needs it recreates it. */
  async removeIfEmpty(subnet: string): Promise<boolean> {
    const name = networkName(subnet);
    try {
      const network = await this.#docker.inspectNetwork(name);
      const ours = network.Labels?.[networkLabels.managed] === "true";
      if (!ours || Object.keys(network.Containers ?? {}).length > 0) return false;
      await this.#docker.removeNetwork(network.Id);
      return true;
    } catch {
      // Already gone, or another process's container joined it in between.
      return false;
    }
  }

  /** Which container has the address, or null. */
  async holderOf({ address, subnet }: TaskAddress): Promise<string | null> {
    const network = await this.#docker.inspectNetwork(networkName(subnet));
    for (const { IPv4Address, Name } of Object.values(network.Containers ?? {})) {
      if (IPv4Address?.split("/")[0] === address) return Name ?? "?";
    }
    return null;
  }

  async #isThere(name: string, subnet: string, gateway: string): Promise<boolean> {
    try {
      const network = await this.#docker.inspectNetwork(name);
      if (poolsOf(network).some((pool) => pool.Subnet === subnet && pool.Gateway === gateway)) return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
    throw new Error(`the network ${name} of this host is not ${subnet} with gateway ${gateway}`);
  }

  async #overlapping(subnet: string): Promise<string | null> {
    const networks = await this.#docker.listNetworks({});
    const found = networks.find((network) => poolsOf(network).some((pool) => overlaps(pool.Subnet ?? "", subnet)));
    return found === undefined ? null : `${found.Name} (${poolsOf(found)[0]?.Subnet})`;
  }
}

const poolsOf = (network: DockerNetwork): readonly { readonly Subnet?: string; readonly Gateway?: string }[] =>
  network.IPAM?.Config ?? [];

function overlaps(one: string, other: string): boolean {
  const [a = "", aPrefix = ""] = one.split("/");
  const [b = "", bPrefix = ""] = other.split("/");
  const [first, second] = [numberOf(a), numberOf(b)];
  if (first === null || second === null) return false;
  const prefix = Math.min(Number(aPrefix), Number(bPrefix));
  return firstOf(first, prefix) === firstOf(second, prefix);
}
