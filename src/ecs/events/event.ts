/** AWS: the detail-types that ECS announces and Berth emits so far. */
export type EventDetailType =
  | "ECS Container Instance State Change"
  | "ECS Task State Change"
  | "ECS Service Action"
  | "ECS Deployment State Change";

/** An event as ECS hands it to EventBridge. `sequence` is Berth's: gapless per cluster. */
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
   * In the stored form of an event about a container instance: the sequence of the earlier event whose detail carries its
   * `attributes`, when they are the same since; most of such an event is attributes. Readers put them in again.
   */
  readonly attributesIn?: number;
};
