import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../lib/random.ts";
import { ec2 } from "../definitions/ec2.ts";
import { sampleStructure } from "../sample-values.ts";
import { apiOperations } from "../services.ts";
import { membersFromXml } from "./from-xml.ts";
import { readXml } from "./read-xml.ts";

const { output } = ec2.shapesOf("DescribeInstances");

test("every answer of EC2 is read as what was written", () => {
  for (const operation of apiOperations(ec2).values()) {
    if (operation.row.machine === null) continue;
    for (const filling of ["all", "some"] as const) {
      const reply = sampleStructure(operation.shapes.output, seededRandom(operation.name).stream(filling), filling);
      const xml = ec2.protocol.render(operation, reply, "request");
      // What XML has no way to write becomes another character.
      const expected = JSON.parse(JSON.stringify(reply).replaceAll("\\u0000", "\ufffd"));
      assert.deepEqual(membersFromXml(operation.shapes.output, readXml(xml)), expected, operation.name);
    }
  }
});

test("values of another kind and elements that no shape has are left out", () => {
  const instance = `<instanceId>i-1</instanceId><launchTime>None</launchTime><ebsOptimized>None</ebsOptimized><amiLaunchIndex>x</amiLaunchIndex>
    <sourceDestCheck>True</sourceDestCheck><groupSet/><colour>red</colour>`;
  const xml = `<R><reservationSet><item><instancesSet><item>${instance}</item></instancesSet></item><odd/></reservationSet></R>`;
  assert.deepEqual(membersFromXml(output, readXml(xml)), {
    Reservations: [{ Instances: [{ InstanceId: "i-1", SourceDestCheck: true, SecurityGroups: [] }] }],
  });
});
