import assert from "node:assert/strict";
import { test } from "node:test";
import { networkName, taskAddress } from "./task-network.ts";

const eni = {
  macAddress: "0a:11:22:33:44:55",
  ipv4Addresses: [{ privateAddress: "10.64.9.8" }, { privateAddress: "10.64.20.9", primary: true }],
  subnetGatewayIpv4Address: "10.64.16.1/20",
};

const at = (privateAddress: string, subnetGatewayIpv4Address: string) => ({
  ipv4Addresses: [{ privateAddress, primary: true }],
  subnetGatewayIpv4Address,
});

test("the primary address with the subnet that its gateway names", () => {
  assert.deepEqual(taskAddress(eni), {
    address: "10.64.20.9",
    macAddress: "0a:11:22:33:44:55",
    subnet: "10.64.16.0/20",
    gateway: "10.64.16.1",
    hostname: null,
    nameServers: [],
    searchDomains: [],
  });
  assert.equal(networkName("10.64.16.0/20"), "berth-10.64.16.0-20");
});

test("containers get the names and name servers", () => {
  const { hostname, nameServers, searchDomains } = taskAddress({
    ...eni,
    privateDnsName: "ip-10-64-20-9.internal",
    domainNameServers: ["10.0.0.2"],
    domainName: ["internal"],
  });
  assert.deepEqual([hostname, nameServers, searchDomains], ["ip-10-64-20-9.internal", ["10.0.0.2"], ["internal"]]);
});

test("the range for tasks ends with 10.79.255.255", () => {
  assert.equal(taskAddress({ ...eni, ...at("10.79.255.9", "10.79.240.1/20") }).subnet, "10.79.240.0/20");
});

test("an interface that no network can be made for says what is wrong", () => {
  for (const [part, problem] of [
    [{ ipv4Addresses: [] }, /has no IPv4 address/],
    [{ ipv4Addresses: [{ privateAddress: "10.64.20.999" }] }, /has no IPv4 address/],
    [{ subnetGatewayIpv4Address: "10.64.16.1" }, /"10\.64\.16\.1", is not in CIDR form/],
    [{ subnetGatewayIpv4Address: "nowhere/24" }, /is not in CIDR form/],
    [{ subnetGatewayIpv4Address: "10.64.0.1/24" }, /10\.64\.20\.9 is not in the subnet of 10\.64\.0\.1\/24/],
    [at("192.168.1.9", "192.168.1.1/24"), /192\.168\.1\.1\/24 is outside 10\.64\.0\.0\/12/],
    [at("10.80.0.9", "10.80.0.1/20"), /is outside/],
    [at("10.64.0.9", "10.64.0.1/8"), /is outside/],
  ] as const) {
    assert.throws(() => taskAddress({ ...eni, ...part }), problem);
  }
});
