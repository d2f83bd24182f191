import type { AckRequest } from "../agent-protocol/from-agent/ack.ts";
import type { NackRequest } from "../agent-protocol/from-agent/nack.ts";

/** The members of a message that its acknowledgement repeats. */
export type Addressed = {
  readonly messageId: string;
  readonly clusterArn?: string | null | undefined;
  readonly containerInstanceArn?: string | null | undefined;
};

export const acknowledgement = (to: Addressed): AckRequest => ({ type: "AckRequest", message: echo(to) });

export const refusal = (to: Addressed, reason: string): NackRequest => ({
  type: "NackRequest",
  message: { ...echo(to), reason },
});

const echo = ({ messageId, clusterArn, containerInstanceArn }: Addressed) => ({
  messageId,
  cluster: clusterArn,
  containerInstance: containerInstanceArn,
});
