import assert from "node:assert/strict";
import { test } from "node:test";
import type { OperationName } from "../ecs/machine/operations.ts";
import { parseRequest } from "./parse.ts";
import { operationNamed } from "./services.ts";

const parsed = (operation: OperationName, request: object) =>
  parseRequest(operationNamed(operation), JSON.stringify(request));

test("empty members of a skeleton are absent", () => {
  assert.deepEqual(
    parsed("RegisterTaskDefinition", {
      family: "a",
      networkMode: "",
      pidMode: "",
      ipcMode: "",
      taskRoleArn: "",
      runtimePlatform: { cpuArchitecture: "", operatingSystemFamily: "" },
    }),
    { family: "a", runtimePlatform: {} },
  );
  const call = { clientToken: "", launchType: "", platformVersion: "", propagateTags: "", group: "", startedBy: "" };
  assert.deepEqual(parsed("RunTask", { taskDefinition: "a", ...call }), { taskDefinition: "a" });
  const service = { clientToken: "", schedulingStrategy: "", role: "", deploymentController: { type: "" } };
  assert.deepEqual(parsed("CreateService", { serviceName: "s", ...service }), {
    serviceName: "s",
    deploymentController: {},
  });
});

test("an empty text that is a value, or a required name, stays", () => {
  const tags = [{ key: "a", value: "" }];
  const environment = [{ name: "", value: "" }];
  const containerDefinitions = [{ name: "", image: "", environment }];
  assert.deepEqual(parsed("RegisterTaskDefinition", { family: "", tags, containerDefinitions }), {
    family: "",
    tags,
    containerDefinitions,
  });
  assert.deepEqual(parsed("ListTasks", { nextToken: "" }), { nextToken: "" });
});
