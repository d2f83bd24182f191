import assert from "node:assert/strict";
import { test } from "node:test";
import { containerInstanceKind } from "../documents/container-instance.ts";
import { ClusterState } from "../state/cluster-state.ts";
import { document, InstanceWorld, place } from "./instance-world.ts";
import { instanceAddresses } from "./private-address.ts";
import { registerContainerInstance } from "./register-container-instance.ts";

const from = (address: string | null) => ({ principalArn: "arn:aws:iam::111122223333:root", isAgent: true, address });

test("an instance's address is in its identity document, otherwise where its agent registers from, now and later", () => {
  const world = new InstanceWorld();
  world.caller = from("192.0.2.1");
  const onEc2 = world.add({ instanceIdentityDocument: document({ privateIp: "10.0.3.4" }) });
  const elsewhere = world.add();
  assert.equal(world.instance(onEc2).privateAddress, "10.0.3.4");
  assert.equal(world.instance(elsewhere).privateAddress, "192.0.2.1");
  const { arn } = world.instance(elsewhere);
  world.caller = from("192.0.2.2");
  world.register({ containerInstanceArn: arn });
  assert.equal(world.instance(elsewhere).privateAddress, "192.0.2.2");
  world.caller = from(null);
  world.register({ containerInstanceArn: arn });
  assert.equal(world.instance(elsewhere).privateAddress, "192.0.2.2", "an agent that now comes by IPv6 keeps it");
  assert.equal(world.instance(world.add()).privateAddress, null);
  assert.deepEqual(instanceAddresses(world.state), {
    [world.instance(onEc2).arn]: "10.0.3.4",
    [arn]: "192.0.2.2",
  });
});

test("an identity document with an address that is none is malformed", () => {
  const world = new InstanceWorld();
  for (const privateIp of ["10.0.0.256", "10.0.0", "010.0.0.1", "fe80--1", 7]) {
    const request = { instanceIdentityDocument: document({ privateIp }) };
    const text = "The instance identity document is malformed.";
    world.refused(registerContainerInstance, request, "ClientException", text);
  }
});

test("hosts in this process have addresses that differ and stay, and that replies don't show", () => {
  const world = new InstanceWorld();
  const ids = Array.from({ length: 300 }, () => world.add());
  const addresses = ids.map((id) => String(world.instance(id).privateAddress));
  assert.equal(new Set(addresses).size, ids.length);
  for (const address of addresses) assert.match(address, /^10\.8[0-7]\.\d+\.([1-9]|[1-9]\d|1\d\d|2[0-4]\d|25[0-4])$/);
  const reply = world.register({ containerInstanceArn: world.instance(String(ids[0])).arn });
  assert.equal(world.instance(String(ids[0])).privateAddress, addresses[0]);
  assert.deepEqual(world.documents, [], "nothing changed");
  assert.equal(JSON.stringify(reply).includes(String(addresses[0])), false);
});

test("an instance of an older version has no address until it registers again", () => {
  const world = new InstanceWorld();
  const id = world.add();
  const { name, apart } = containerInstanceKind;
  const [rest, registration] = world.state.tables.toStored([{ kind: name, key: id, value: world.instance(id) }]);
  const { privateAddress, ...old } = (registration?.value ?? {}) as { readonly privateAddress?: unknown };
  assert.equal(typeof privateAddress, "string");
  const fresh = new ClusterState(place, "lab", world.state.configuration);
  fresh.tables.load(name, id, rest?.value ?? {});
  fresh.tables.load(apart.name, id, old);
  assert.equal(fresh.instances.get(id)?.privateAddress, null);
  world.run((step) => step.state.instances.put(id, { ...world.instance(id), privateAddress: null }));
  world.register({ containerInstanceArn: world.instance(id).arn });
  assert.match(String(world.instance(id).privateAddress), /^10\.8/);
});
