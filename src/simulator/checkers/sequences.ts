import type { Checker, Violate } from "./checker.ts";

const rule = "payloads and manifests of an instance have rising numbers, over restarts too";

type Numbered = {
  readonly type: string;
  readonly message: { readonly messageId?: string; readonly seqNum?: number; readonly timeline?: number };
};

/** An agent ignores a manifest whose number is not above all earlier ones, so each new message needs a higher one. */
export class SequencesChecker implements Checker {
  readonly #violate: Violate;
  readonly #last = new Map<string, number>();
  /** The number of each message. A resent message keeps it. */
  readonly #numbers = new Map<string, number>();

  constructor(violate: Violate) {
    this.#violate = violate;
  }

  sentToAgent(containerInstanceArn: string, sent: object): void {
    const { type, message } = sent as Numbered;
    if (type !== "PayloadMessage" && type !== "TaskManifestMessage") return;
    const { messageId = "", seqNum, timeline } = message;
    const number = type === "PayloadMessage" ? seqNum : timeline;
    if (number === undefined) {
      this.#violate(rule, `${type} ${messageId} to ${containerInstanceArn} has no number`);
      return;
    }
    const known = this.#numbers.get(messageId);
    if (known !== undefined) {
      if (known !== number) this.#violate(rule, `${type} ${messageId} went out as ${known} and as ${number}`);
      return;
    }
    this.#numbers.set(messageId, number);
    const last = this.#last.get(containerInstanceArn);
    if (last !== undefined && number <= last) {
      this.#violate(rule, `${type} ${messageId} to ${containerInstanceArn} is number ${number}, after ${last}`);
    }
    this.#last.set(containerInstanceArn, Math.max(last ?? number, number));
  }
}
