import type { Place } from "../ecs/arn.ts";
import type { Tables } from "../ecs/tables/tables.ts";
import type { ServiceHandler, ServiceRow, ServiceRows } from "./service-operation.ts";
import type { ServiceStep } from "./service-step.ts";

/** The rules of a service: its operations, and the state of an account and region that they work on. */
export type ServiceRulebook = {
  /** The name of its partitions and the first part of its actions, such as `secretsmanager`. It never changes. */
  readonly name: string;
  readonly operations: ServiceRows;
  /**
   * Makes the empty state of an account in a region. It takes a table for each kind of document from `tables`, and its indexes listen to them. What
   * isn't in a table isn't durable.
   */
  readonly createState: (tables: Tables, place: Place) => object;
  /** What happens to a document of a kind when its `dueAt` has come, by the kind's name. */
  readonly whenDue: ReadonlyMap<string, DueHandler>;
};

/** Must change the document so that it is due later, or delete it. The state in the step is that of the service. */
export type DueHandler = (step: never, document: never, key: string) => void;

/** What a service is made of, while its state has a type. */
type TypedRulebook<State extends object> = {
  readonly name: string;
  readonly operations: Readonly<
    Record<string, Omit<ServiceRow, "handler"> & { readonly handler: ServiceHandler<State> }>
  >;
  readonly createState: (tables: Tables, place: Place) => State;
  readonly whenDue?: Readonly<Record<string, (step: ServiceStep<State>, document: never, key: string) => void>>;
};

/** Checks that the handlers of a service work on its own state, and puts its rules together. */
export function serviceRulebook<State extends object>(rules: TypedRulebook<State>): ServiceRulebook {
  return { ...rules, whenDue: new Map(Object.entries(rules.whenDue ?? {})) };
}
