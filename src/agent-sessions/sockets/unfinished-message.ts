/**
 * Follows the frames on a WebSocket and counts the bytes of a message that is still arriving. The library reports a message only when it
 * is complete.
 */
export class UnfinishedMessage {
  /** When the message began, in milliseconds of the caller's clock. Null between messages. */
  since: number | null = null;
  /** The head of the arriving frame. Empty once its payload has begun. */
  readonly #head: number[] = [];
  /** Bytes of the frame's payload that have arrived, and that are still to come. */
  #came = 0;
  #left = 0;
  #isControl = false;
  /** Whether more frames of the message follow the last complete one. */
  #continues = false;
  /** Payloads of the message's complete frames. */
  #complete = 0;

  /** Bytes of it that have arrived. 0 between messages. */
  get bytes(): number {
    return this.#complete + this.#came + this.#head.length;
  }

  /** Bytes have arrived. */
  take(chunk: Uint8Array, now: number): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left === 0) {
        this.#head.push(chunk[at] ?? 0);
        at += 1;
        if (this.#head.length < headLength(this.#head)) continue;
        this.#beginPayload();
      }
      const taken = Math.min(this.#left, chunk.length - at);
      at += taken;
      this.#came += taken;
      this.#left -= taken;
      if (this.#left === 0) this.#endFrame();
    }
    const isBetween = this.bytes === 0 && this.#left === 0 && !this.#continues;
    this.since = isBetween ? null : (this.since ?? now);
  }

  #beginPayload(): void {
    const [first = 0, second = 0, ...rest] = this.#head;
    this.#isControl = (first & 0x08) !== 0;
    if (!this.#isControl) this.#continues = (first & 0x80) === 0;
    const length = second & 0x7f;
    const size = rest.slice(0, sizeBytes(length));
    this.#left = size.length === 0 ? length : size.reduce((sum, byte) => sum * 256 + byte, 0);
    this.#head.length = 0;
  }

  #endFrame(): void {
    if (!this.#isControl) this.#complete = this.#continues ? this.#complete + this.#came : 0;
    this.#came = 0;
  }
}

/** The length of a frame's head, as far as its first bytes show. */
function headLength(head: readonly number[]): number {
  const second = head[1];
  if (second === undefined) return 2;
  return 2 + sizeBytes(second & 0x7f) + ((second & 0x80) === 0 ? 0 : 4);
}

/** The bytes of an extended length that follow the short one. */
function sizeBytes(length: number): number {
  if (length === 127) return 8;
  return length === 126 ? 2 : 0;
}
