/** A reply that is written in its protocol's form already, such as by another thread. */
export class WrittenReply {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}
