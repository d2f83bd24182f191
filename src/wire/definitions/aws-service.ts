import { readFileSync } from "node:fs";
import type { ServiceRulebook } from "../../service-machine/service-rulebook.ts";
import type { Protocol, ServiceDefinition } from "../service-definition.ts";
import { SdkShapes, type ShapesAsWritten } from "../shapes.ts";

/** What a definition of a service other than ECS says for itself. The rest follows from its shapes. */
export type AwsServiceFacts = {
  readonly rulebook: ServiceRulebook;
  /** The file that `scripts/sdk-shapes.ts` wrote for it. It is read when the service is first called, so that services nobody uses cost nothing. */
  readonly shapes: URL;
  readonly title: string;
  readonly protocol: Protocol;
  readonly signingName: string;
  /** For AWS JSON. */
  readonly targetPrefix?: string;
  /** For the query protocols. */
  readonly apiVersion?: string;
  readonly xmlNamespace?: string;
  readonly isQueryCompatible?: true;
  /** The errors that all its operations may give, though the SDK lists them for none, with their HTTP statuses. */
  readonly commonErrors: Readonly<Record<string, number>>;
  readonly internalError: string;
  readonly beyondLimits: string;
  readonly bodyBytesMax?: number;
};

/** A service around ECS. */
export type SurroundingService = ServiceDefinition & {
  readonly rulebook: ServiceRulebook;
  readonly shapes: SdkShapes;
};

/** The definition of a service around ECS. */
export function awsService(facts: AwsServiceFacts): SurroundingService {
  const { rulebook, title, commonErrors } = facts;
  const shapes = new SdkShapes(() => JSON.parse(readFileSync(facts.shapes, "utf8")) as ShapesAsWritten);
  return {
    ...facts,
    name: rulebook.name,
    shapes,
    targetPrefix: facts.targetPrefix ?? null,
    apiVersion: facts.apiVersion ?? null,
    xmlNamespace: facts.xmlNamespace ?? null,
    isQueryCompatible: facts.isQueryCompatible ?? false,
    bodyBytesMax: facts.bodyBytesMax ?? null,
    shapesOf: (operation) => shapes.of(operation),
    statusOf: (code) => shapes.statusOf(code) ?? commonErrors[code] ?? null,
    queryCodeOf: (code) => shapes.queryCodeOf(code),
    errors: Object.keys(commonErrors),
    hasNone: `${title} has no operation of this name.`,
    listedIn: "docs/compatibility.md lists the operations that it answers.",
  };
}
