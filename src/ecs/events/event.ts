/** AWS: the detail-types that Berth emits so far. */
export type EventDetailType =
  | "ECS Container Instance State Change"
  | "ECS Task State Change"
  | "ECS Service Action"
  | "ECS Deployment State Change";

/** An event as ECS hands it to EventBridge. `sequence` is Berth's: without gaps in each cluster. */
export type EcsEvent = {
  readonly sequence: number;
  readonly id: string;
  readonly detailType: EventDetailType;
  readonly account: string;
  readonly region: string;
  /** Epoch milliseconds. */
  readonly time: number;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
  /**
   * In the stored form of a container instance's event: the sequence of the earlier event whose detail has the same `attributes`, which are
   * most of such an event. Readers fill them in.
   */
  readonly attributesIn?: number;
};
