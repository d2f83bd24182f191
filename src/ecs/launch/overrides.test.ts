import assert from "node:assert/strict";
import { test } from "node:test";
import { aCluster, aDefinition } from "../small-world.ts";
import { effectiveContainers } from "./new-task.ts";
import { type OverridesRequest, resolveOverrides } from "./overrides.ts";

const two = aDefinition({ containers: [{ name: "app" }, { name: "side", cpu: 64, memoryReservation: 100 }] });

/** What a task needs with these overrides. */
function takes(overrides: OverridesRequest, definition = two): { cpu: number; memoryMiB: number } {
  const { reservation } = aCluster()
    .withInstances(1, { cpu: 8192, memoryMiB: 16_384 })
    .runTask(definition, { overrides });
  return { cpu: reservation.cpu, memoryMiB: reservation.memoryMiB };
}

function refused(text: string | RegExp, overrides: OverridesRequest, code = "InvalidParameterException"): void {
  aCluster().withInstances(1).refused(code, text, "RunTask", { overrides }, two);
}

test("a role in an override is an ARN or a name, as in a definition", () => {
  const capabilities = ["task-iam-role", "docker-remote-api.1.17"];
  const platformAttributes = capabilities.map((name) => ({
    name: `com.amazonaws.ecs.capability.${name}`,
    value: null,
  }));
  const world = aCluster().withInstances(1, { platformAttributes });
  for (const member of ["taskRoleArn", "executionRoleArn"]) {
    const role = (value: string) => ({ overrides: { [member]: value } });
    world.refused("ClientException", "Role is not valid", "RunTask", role("arn:aws:s3:::role"), aDefinition());
    const { overrides } = world.runTask(aDefinition(), role("arn:aws:iam::111122223333:role/app"));
    assert.deepEqual(overrides, {
      containerOverrides: [{ name: "app" }],
      [member]: "arn:aws:iam::111122223333:role/app",
    });
  }
});

test("ephemeral storage is only for Fargate: an override of it would have no effect", () => {
  const world = aCluster().withInstances(1);
  const overrides = { ephemeralStorage: { sizeInGiB: 30 } };
  world.refused("InvalidParameterException", /Ephemeral storage/, "RunTask", { overrides }, aDefinition());
});

test("without a task size the containers are summed, with memoryReservation taking precedence over memory", () => {
  assert.deepEqual(takes({}), { cpu: 192, memoryMiB: 356 });
  const both = aDefinition({ containers: [{ memory: 500, memoryReservation: 100 }, { name: "b" }] });
  assert.deepEqual(takes({}, both), { cpu: 256, memoryMiB: 356 });
});

test("a task size replaces the sum, and an override replaces the task size", () => {
  const sized = { ...two, cpu: "512", memory: "1024" };
  assert.deepEqual(takes({}, sized), { cpu: 512, memoryMiB: 1024 });
  assert.deepEqual(takes({ cpu: "256", memory: "2 GB" }, sized), { cpu: 256, memoryMiB: 2048 });
  assert.deepEqual(takes({ cpu: ".5 vCPU" }, two), { cpu: 512, memoryMiB: 356 });
});

test("container overrides count in the sum, but not against a task size", () => {
  const containerOverrides = [{ name: "side", cpu: 100, memoryReservation: 200 }];
  assert.deepEqual(takes({ containerOverrides }), { cpu: 228, memoryMiB: 456 });
  assert.deepEqual(takes({ containerOverrides }, { ...two, cpu: "256" }), { cpu: 256, memoryMiB: 456 });
});

test("a task shows an override for each container, and keeps the overridden values", () => {
  const world = aCluster().withInstances(1);
  const { overrides } = world.runTask(two, { overrides: { containerOverrides: [{ name: "side", command: ["x"] }] } });
  assert.deepEqual(overrides.containerOverrides, [{ name: "app" }, { name: "side", command: ["x"] }]);
});

test("an override replaces command and size and merges the environment by name", () => {
  const definition = aDefinition({
    containers: [
      {
        command: ["old"],
        environment: [
          { name: "A", value: "1" },
          { name: "B", value: "2" },
        ],
      },
    ],
  });
  const overrides = resolveOverrides(
    { containerOverrides: [{ name: "app", command: ["new"], environment: [{ name: "B", value: "3" }], memory: 999 }] },
    definition,
  );
  const [container] = effectiveContainers(definition, overrides);
  assert.deepEqual(container?.command, ["new"]);
  assert.deepEqual(container?.environment, [
    { name: "A", value: "1" },
    { name: "B", value: "3" },
  ]);
  assert.deepEqual([container?.memory, container?.cpu], [999, 128]);
});

test("overrides for unknown or repeated containers are refused", () => {
  refused("Override for container named nobody is not a container in the TaskDefinition.", {
    containerOverrides: [{ name: "nobody" }],
  });
  refused(/is not a container/, { containerOverrides: [{}] });
  refused("Container app can only have one override.", { containerOverrides: [{ name: "app" }, { name: "app" }] });
});

test("a variable in an override can't set another one", () => {
  for (const variable of [
    { name: "A=B", value: "c" },
    { name: "A\0", value: "c" },
    { name: "A", value: "c\0" },
  ]) {
    refused(/^containerOverrides\.environment\.(name|value) must not contain/, {
      containerOverrides: [{ name: "app", environment: [variable] }],
    });
  }
});

test("overrides of up to 8,192 characters are accepted, longer ones refused", () => {
  const ofLength = (length: number): OverridesRequest => {
    const empty = JSON.stringify({ containerOverrides: [{ name: "app", command: [""] }] }).length;
    return { containerOverrides: [{ name: "app", command: ["x".repeat(length - empty)] }] };
  };
  aCluster()
    .withInstances(1)
    .runTask(two, { overrides: ofLength(8_192) });
  refused("Container Overrides length must be at most 8192", ofLength(8_193));
});

test("invalid sizes are refused", () => {
  for (const cpu of ["127", "0", "-1", "1.5", "x", "1 GB", "1e3", "0.1 vCPU", "2147483648", "9".repeat(300)]) {
    refused("Invalid 'cpu' setting for task.", { cpu }, "ClientException");
  }
  for (const memory of ["3", "0", "1 vCPU", "0.0001 GB", "2097152 GB"]) {
    refused("Invalid 'memory' setting for task.", { memory }, "ClientException");
  }
});

test("sizes are written as in definitions, and an empty one counts as none", () => {
  assert.deepEqual(takes({ cpu: ".25 vcpu", memory: ".5 gb" }), { cpu: 256, memoryMiB: 512 });
  assert.deepEqual(takes({ cpu: "1vCPU", memory: "1GB" }), { cpu: 1_024, memoryMiB: 1_024 });
  assert.deepEqual(takes({ cpu: "", memory: "" }), takes({}));
});

test("overridden values must follow the rules of definitions", () => {
  const app = (members: object) => ({ containerOverrides: [{ name: "app", ...members }] }) as OverridesRequest;
  const file = (value: string, type = "s3") => ({ value, type });
  for (const name of ["", " ", undefined]) {
    refused("Environment variable name cannot be null or blank.", app({ environment: [{ name, value: "x" }] }));
  }
  refused("Invalid arn syntax.", app({ environmentFiles: [file("s3://b/x.env")] }));
  refused(/type should be one of \[s3\]/, app({ environmentFiles: [file("arn:aws:s3:::b/x.env", "file")] }));
  refused(
    "The maximum number of environment files was exceeded. Specify ten or less and try again.",
    app({ environmentFiles: Array.from({ length: 11 }, () => file("arn:aws:s3:::b/x.env")) }),
  );
  refused("'memory' must be greater than or equal to 'memoryReservation'", app({ memoryReservation: 512 }));
  refused("The 'memory' setting for container 'app' is greater than for the task", { memory: "128" });
});

test("amounts that would corrupt the books are refused", () => {
  for (const amount of [-1, -1024, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    for (const member of ["cpu", "memory", "memoryReservation"]) {
      refused(/^Invalid setting for container 'app'\./, { containerOverrides: [{ name: "app", [member]: amount }] });
    }
  }
  refused(/memory must be at least 4/, { containerOverrides: [{ name: "app", memory: 3 }] });
  refused(/cpu must be at most 2147483647/, { containerOverrides: [{ name: "app", cpu: 2 ** 31 }] });
  for (const value of ["-1", "1.5", "many", "", "0"]) {
    refused(/GPUs or of your own resources/, {
      containerOverrides: [{ name: "app", resourceRequirements: [{ type: "GPU", value }] }],
    });
  }
  refused(/GPUs or of your own resources/, {
    containerOverrides: [{ name: "app", resourceRequirements: [{ type: "InferenceAccelerator", value: "a" }] }],
  });
});
