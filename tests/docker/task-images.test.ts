/* Images from registries that want a login, pulled by a real engine. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { DockerLogins } from "../../src/agent/docker/images/docker-logins.ts";
import { RegistryAccess } from "../../src/agent/docker/images/registry-access.ts";
import type { PayloadContainer } from "../../src/agent-protocol/to-agent/payload-container.ts";
import { whyNoDocker } from "./docker-host.ts";
import type { RuntimeWorld } from "./runtime-world.ts";
import { ServicesWorld } from "./services-world.ts";
import { SmallRegistry } from "./small-registry.ts";

const skip = await whyNoDocker();
const role = { credentialsId: "id", accessKeyId: "ROLE", secretAccessKey: "s", sessionToken: "t" };

/** An agent's runtime that asks registries, and a registry. */
async function open(
  context: TestContext,
  login: string,
): Promise<{ readonly world: ServicesWorld; readonly runtime: RuntimeWorld; readonly registry: SmallRegistry }> {
  const registry = await SmallRegistry.open(login);
  context.after(() => registry.close());
  const world = await ServicesWorld.open(context);
  world.credentials.keep(world.taskArn, "TaskExecution", role);
  const runtime = await world.start({}, ({ client, keys, inputs }) => ({
    pullBehaviour: "always",
    pullAttempts: { manifest: 1, pull: 1 },
    registries: new RegistryAccess({ client, keys, inputs, logins: new DockerLogins(world.directory, () => {}) }),
  }));
  return { world, runtime, registry };
}

/** Pulls the image and runs `echo` in it. */
async function pulled(
  world: ServicesWorld,
  runtime: RuntimeWorld,
  image: string,
  more: Partial<PayloadContainer> = {},
): Promise<string | null> {
  const { taskArn, host } = world;
  const spec = { ...world.spec("echo it runs", more), image };
  runtime.run({ type: "pull", taskArn, container: "app", image, spec });
  const { imageDigest } = await runtime.next("pulled", "app");
  const id = await runtime.launch(taskArn, spec);
  await runtime.next("exited", "app");
  assert.equal(await runtime.docker.logsOf(id), "it runs\n");
  await host.docker.removeContainer(id);
  await host.docker.removeImage(image).catch(() => {});
  return imageDigest;
}

const ecr = (registryId: string): Partial<PayloadContainer> => ({
  registryAuthentication: { type: "ecr", ecrAuthData: { registryId, region: "eu-west-1", useExecutionRole: true } },
});

test("an image of ECR is pulled with the execution role's token, from where the token's registry is", {
  skip,
}, async (context) => {
  const { world, runtime, registry } = await open(context, "AWS:small-password");
  world.aws.registry = `http://${registry.host}`;
  const image = `123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/${world.host.tag}:1`;
  assert.equal(await pulled(world, runtime, image, ecr("123456789012")), registry.digest);
  const [call] = world.aws.calledFor("GetAuthorizationToken");
  assert.deepEqual(
    [call?.accessKeyId, call?.region, call?.request],
    ["ROLE", "eu-west-1", { registryIds: ["123456789012"] }],
  );
  const byDigest = `123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/${world.host.tag}@${registry.digest}`;
  assert.equal(await pulled(world, runtime, byDigest, ecr("123456789012")), registry.digest);
  // Docker keeps the names under which it pulled them, too.
  const inRegistry = [image, byDigest].map((name) => name.replace(/^[^/]+/, registry.host));
  for (const name of [...inRegistry, byDigest.replace("@sha256:", ":sha256-")]) {
    await world.host.docker.removeImage(name).catch(() => {});
  }
});

test("ECR that refuses gives the container's reason", { skip }, async (context) => {
  const { world, runtime } = await open(context, "AWS:small-password");
  world.aws.refusals.push(["AccessDeniedException", 400]);
  const image = `123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/${world.host.tag}:1`;
  const spec = { ...world.spec("true", ecr("123456789012")), image };
  runtime.run({ type: "pull", taskArn: world.taskArn, container: "app", image, spec });
  assert.equal(
    (await runtime.next("pull-failed", "app")).reason,
    "CannotPullECRContainerError: unable to retrieve ecr registry auth: service call has been retried 1 time(s): AccessDeniedException: refused with AccessDeniedException",
  );
});

test("a container's repositoryCredentials log in with the user name and password of their secret", {
  skip,
}, async (context) => {
  const { world, runtime, registry } = await open(context, "user:from-secret");
  const secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:registry-AbCdEf";
  world.aws.secrets.set(secret, '{"username":"user","password":"from-secret"}');
  const registryAuthentication = {
    type: "asm",
    asmAuthData: { credentialsParameter: secret, region: "us-east-1" },
  } as const;
  const image = `${registry.host}/team/${world.host.tag}:1`;
  assert.equal(await pulled(world, runtime, image, { registryAuthentication }), registry.digest);
});

test("the logins of docker login are used for other registries: from its file, and from helpers", {
  skip,
}, async (context) => {
  const { world, runtime, registry } = await open(context, "user:from-docker");
  const image = `${registry.host}/team/${world.host.tag}:1`;
  const config = (value: object): void => writeFileSync(join(world.directory, "config.json"), JSON.stringify(value));
  config({ auths: { [registry.host]: { auth: Buffer.from("user:from-docker").toString("base64") } } });
  await pulled(world, runtime, image);
  const programs = join(world.directory, "bin");
  mkdirSync(programs);
  const helper = join(programs, "docker-credential-small");
  writeFileSync(
    helper,
    '#!/bin/sh\nread server\nprintf \'{"ServerURL":"%s","Username":"user","Secret":"from-docker"}\' "$server"\n',
  );
  chmodSync(helper, 0o755);
  const { PATH } = process.env;
  process.env.PATH = `${programs}:${PATH}`;
  context.after(() => {
    process.env.PATH = PATH;
  });
  config({ credHelpers: { [registry.host]: "small" } });
  await pulled(world, runtime, image);
  config({});
  const spec = { ...world.spec("true"), image };
  runtime.run({ type: "pull", taskArn: world.taskArn, container: "app", image, spec });
  assert.match((await runtime.next("pull-failed", "app")).reason, /no basic auth credentials|unauthorized|401/i);
});
