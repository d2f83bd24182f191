import { refuse } from "../refusals.ts";
import { strategies } from "../service-view/strategies.ts";

type Members = Readonly<Record<string, unknown>>;

/** What CreateService and UpdateService may ask for that Berth does not have. */
type NotBuilt = {
  /** The member, with those around it. */
  readonly path: readonly string[];
  /** Whether a value asks for something; what asks for nothing is let pass. */
  readonly asks: (value: unknown) => boolean;
  readonly lacks: string;
};

const isNotEmpty = (value: unknown): boolean => !Array.isArray(value) || value.length > 0;
const isEnabled = (value: unknown): boolean => (value as { readonly enable?: boolean }).enable === true;
const isOn = (value: unknown): boolean => (value as { readonly enabled?: boolean }).enabled !== false;
const isTrue = (value: unknown): boolean => value === true;
const isPositive = (value: unknown): boolean => value !== 0;
const always = (): boolean => true;

const configuration = (member: string): string[] => ["deploymentConfiguration", member];

const notBuilt: readonly NotBuilt[] = [
  { path: ["loadBalancers"], asks: isNotEmpty, lacks: "load balancers for services" },
  { path: ["serviceRegistries"], asks: isNotEmpty, lacks: "service discovery" },
  { path: ["serviceConnectConfiguration"], asks: isOn, lacks: "Service Connect" },
  { path: ["vpcLatticeConfigurations"], asks: isNotEmpty, lacks: "VPC Lattice" },
  { path: ["volumeConfigurations"], asks: isNotEmpty, lacks: "EBS volumes" },
  { path: ["gatewayConnectors"], asks: isNotEmpty, lacks: "gateways" },
  { path: ["monitoring"], asks: always, lacks: "metrics of services" },
  { path: ["enableExecuteCommand"], asks: isTrue, lacks: "commands in containers" },
  { path: configuration("lifecycleHooks"), asks: isNotEmpty, lacks: "lifecycle hooks of deployments" },
  { path: configuration("bakeTimeInMinutes"), asks: isPositive, lacks: "bake times of deployments" },
  { path: configuration("linearConfiguration"), asks: always, lacks: "linear deployments" },
  { path: configuration("canaryConfiguration"), asks: always, lacks: "canary deployments" },
  { path: configuration("earlySuccessCriteria"), asks: isEnabled, lacks: "an early success of deployments" },
];

const controllers = ["ECS", "CODE_DEPLOY", "EXTERNAL"];
const strategiesOfEcs = ["ROLLING", "BLUE_GREEN", "LINEAR", "CANARY"];

/**
 * Refuses what a service may ask for in ECS and not here, with UnsupportedFeatureException and the name of the member that
 * is to be left out; words that are none in ECS either, and a role without load balancers, with InvalidParameterException.
 */
export function refuseNotBuilt(request: Members): void {
  for (const { path, asks, lacks } of notBuilt) {
    const value = path.reduce<unknown>((members, member) => (members as Members | undefined)?.[member], request);
    if (value === undefined || !asks(value)) continue;
    refuse("UnsupportedFeatureException", `Berth does not have ${lacks} yet: leave ${path.join(".")} out.`);
  }
  refuseWord(request, ["deploymentController", "type"], controllers, ["ECS"]);
  refuseWord(request, ["deploymentConfiguration", "strategy"], strategiesOfEcs, [...strategies.keys()]);
  if (request.role !== undefined && request.role !== "") {
    refuse("InvalidParameterException", "A role was passed, but no load balancers were present.");
  }
}

/** Of the words that ECS knows, refuses those that are not built. */
function refuseWord(
  request: Members,
  [outer, member]: readonly [string, string],
  words: readonly string[],
  built: readonly string[],
): void {
  const word = (request[outer] as Members | undefined)?.[member];
  if (word === undefined || built.some((known) => known === word)) return;
  if (!words.some((known) => known === word)) {
    refuse("InvalidParameterException", `${outer} ${member} should be one of [${words.join(",")}]`);
  }
  refuse(
    "UnsupportedFeatureException",
    `Berth has the ${outer} ${member} ${built.join(" and ")} only: leave ${outer}.${member} out.`,
  );
}
