/**
 * Task definitions in the shapes that people publish. We wrote them: 30, with each member about as often as in 105 public repositories
 * (an ECR image in six of ten, awslogs in seven, secrets in three, and so on).
 */
import type { ContainerDefinition, RegisterTaskDefinitionCommandInput } from "@aws-sdk/client-ecs";

type Definition = Omit<RegisterTaskDefinitionCommandInput, "family">;
type Container = ContainerDefinition;

const account = "123456789012";
const registry = `${account}.dkr.ecr.us-east-1.amazonaws.com`;
export const secretArn = `arn:aws:secretsmanager:us-east-1:${account}:secret:app/prod-AbCdEf`;
const executionRoleArn = `arn:aws:iam::${account}:role/ecsTaskExecutionRole`;
const taskRoleArn = `arn:aws:iam::${account}:role/app/task`;

/** Sleeps until it is ordered to end. Every image of ours has a shell, as those of most people have. */
const serve = ["sh", "-c", "echo ready; trap 'exit 0' TERM; while true; do sleep 0.2; done"];

const logs = (more: Readonly<Record<string, string>> = {}): Pick<Container, "logConfiguration"> => ({
  logConfiguration: {
    logDriver: "awslogs",
    options: { "awslogs-group": "/ecs/app", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "ecs", ...more },
  },
});
const http: Pick<Container, "portMappings"> = {
  portMappings: [{ name: "http", containerPort: 8080, hostPort: 8080, protocol: "tcp", appProtocol: "http" }],
};
const anyPort: Pick<Container, "portMappings"> = { portMappings: [{ containerPort: 8080, hostPort: 0 }] };
const environment = [
  { name: "NODE_ENV", value: "production" },
  { name: "EMPTY", value: "" },
];
const secrets = [
  { name: "DATABASE_URL", valueFrom: `${secretArn}:url::` },
  { name: "WHOLE", valueFrom: secretArn },
];
const parameters = [
  { name: "API_KEY", valueFrom: "/app/prod/API_KEY" },
  { name: "BY_ARN", valueFrom: `arn:aws:ssm:us-east-1:${account}:parameter/app/prod/API_KEY` },
];
const healthCheck = { command: ["CMD-SHELL", "true || exit 1"], interval: 5, timeout: 5, retries: 3, startPeriod: 10 };
const ecr = (name: string): string => `${registry}/${name}:3f2a9c1`;
const app = (more: Partial<Container> = {}): Container => ({
  name: "app",
  image: ecr("app"),
  essential: true,
  command: serve,
  ...more,
});

const onFargate = (containerDefinitions: Container[], more: Partial<Definition> = {}): Definition => ({
  requiresCompatibilities: ["FARGATE"],
  networkMode: "awsvpc",
  cpu: "256",
  memory: "512",
  executionRoleArn,
  containerDefinitions,
  ...more,
});
const onInstances = (containerDefinitions: Container[], more: Partial<Definition> = {}): Definition => ({
  containerDefinitions: containerDefinitions.map((container) => ({ memory: 64, ...container })),
  ...more,
});

/** By what they show. */
export const publishedShapes: Readonly<Record<string, Definition>> = {
  "a web service on Fargate": onFargate([app({ ...http, ...logs() })]),
  "with roles and an environment": onFargate([app({ ...http, ...logs(), environment })], { taskRoleArn }),
  "with a runtime platform": onFargate([app({ ...http, ...logs() })], {
    runtimePlatform: { cpuArchitecture: "X86_64", operatingSystemFamily: "LINUX" },
  }),
  "with secrets of Secrets Manager": onFargate([app({ ...http, ...logs(), secrets })]),
  "with parameters": onFargate([app({ ...http, ...logs(), secrets: parameters, environment })], { taskRoleArn }),
  "with both, and a health check": onFargate([
    app({ ...http, ...logs(), secrets: [...secrets, ...parameters], healthCheck }),
  ]),
  "with a health check and a stop timeout": onFargate([app({ ...logs(), healthCheck, stopTimeout: 5 })]),
  "that creates its log group": onFargate([app(logs({ "awslogs-group": "/ecs/new", "awslogs-create-group": "true" }))]),
  "with non-blocking logs": onFargate([app(logs({ mode: "non-blocking", "max-buffer-size": "25m" }))]),
  "with events of several lines": onFargate([app(logs({ "awslogs-multiline-pattern": "^\\[" }))]),
  "with a read-only root": onFargate([app({ ...http, ...logs(), readonlyRootFilesystem: true, user: "1000:1000" })]),
  "with ulimits and init": onFargate([
    app({
      ...logs(),
      ulimits: [{ name: "nofile", softLimit: 1_024, hardLimit: 2_048 }],
      linuxParameters: { initProcessEnabled: true },
    }),
  ]),
  "with an EFS volume": onFargate(
    [app({ ...logs(), mountPoints: [{ sourceVolume: "data", containerPath: "/data" }] })],
    {
      volumes: [
        { name: "data", efsVolumeConfiguration: { fileSystemId: "fs-0a1b2c3d", transitEncryption: "ENABLED" } },
      ],
    },
  ),
  "with an access point": onFargate(
    [app({ ...logs(), mountPoints: [{ sourceVolume: "data", containerPath: "/data" }] })],
    {
      volumes: [
        {
          name: "data",
          efsVolumeConfiguration: {
            fileSystemId: "fs-0a1b2c3d",
            transitEncryption: "ENABLED",
            authorizationConfig: { accessPointId: "fsap-0a1b2c3d", iam: "ENABLED" },
          },
        },
      ],
    },
  ),
  "with a scratch volume and a sidecar that shares it": onFargate(
    [
      app({ ...http, ...logs(), mountPoints: [{ sourceVolume: "scratch", containerPath: "/scratch" }] }),
      app({ name: "sidecar", essential: false, ...logs(), volumesFrom: [{ sourceContainer: "app", readOnly: true }] }),
    ],
    { volumes: [{ name: "scratch" }] },
  ),
  "with a migration before it": onFargate([
    app({ name: "migrate", essential: false, command: ["sh", "-c", "echo migrated"], ...logs(), secrets }),
    app({ ...http, ...logs(), dependsOn: [{ containerName: "migrate", condition: "SUCCESS" }] }),
  ]),
  "with a proxy that waits for it to be healthy": onFargate([
    app({ ...logs(), healthCheck: { ...healthCheck, startPeriod: 0 } }),
    app({
      name: "nginx",
      image: ecr("nginx"),
      ...http,
      ...logs(),
      dependsOn: [{ containerName: "app", condition: "HEALTHY" }],
    }),
  ]),
  "with a tracing sidecar and labels": onFargate([
    app({ ...http, ...logs(), dockerLabels: { "com.example.team": "web" } }),
    app({
      name: "xray",
      image: "amazon/aws-xray-daemon",
      cpu: 32,
      memoryReservation: 64,
      portMappings: [{ containerPort: 2_000, protocol: "udp" }],
    }),
  ]),
  "with more CPU and storage": onFargate([app(logs())], {
    cpu: "1024",
    memory: "2048",
    ephemeralStorage: { sizeInGiB: 30 },
  }),
  "with tags, exported from AWS": onFargate(
    [app({ cpu: 0, ...http, ...logs(), mountPoints: [], volumesFrom: [], systemControls: [] })],
    {
      volumes: [],
      placementConstraints: [],
      tags: [{ key: "env", value: "prod" }],
    },
  ),
  "with a placeholder for an image": onFargate([app({ image: "IMAGE_NAME", ...http, ...logs() })]),
  "a worker with an environment file": onFargate([
    app({ ...logs(), environmentFiles: [{ type: "s3", value: "arn:aws:s3:::config/app.env" }] }),
  ]),
  "a service on an instance, bridge": onInstances([app({ ...anyPort, ...logs(), environment })], { executionRoleArn }),
  "without a network mode or logs": onInstances([app({ image: "nginx:1.27-alpine", ...anyPort })]),
  "with links": onInstances([app({ image: "redis:7", name: "redis" }), app({ ...anyPort, links: ["redis:cache"] })], {
    networkMode: "bridge",
  }),
  "with memory reservations and CPU": onInstances(
    [app({ memory: 128, memoryReservation: 64, cpu: 64, ...anyPort, ...logs() })],
    {
      taskRoleArn,
      executionRoleArn,
    },
  ),
  "with a task size on an instance": onInstances([app({ ...logs(), secrets: parameters })], {
    cpu: "256",
    memory: "256",
    executionRoleArn,
  }),
  "in network mode awsvpc on an instance": onInstances([app({ ...http, ...logs() })], {
    networkMode: "awsvpc",
    taskRoleArn,
    executionRoleArn,
  }),
  "with a restart policy, json-file and a hostname": onInstances([
    app({
      image: "docker.io/library/busybox",
      hostname: "worker",
      restartPolicy: { enabled: true },
      logConfiguration: { logDriver: "json-file", options: { "max-size": "10m" } },
      extraHosts: [{ hostname: "db", ipAddress: "10.0.0.5" }],
    }),
  ]),
  "with a private registry": onInstances(
    [
      app({
        image: "registry.example.org/team/app:2",
        ...logs(),
        repositoryCredentials: { credentialsParameter: `${secretArn.replace("app/prod", "registry")}` },
      }),
    ],
    { executionRoleArn },
  ),
};

export const registrySecretArn = secretArn.replace("app/prod", "registry");
