import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Writable } from "node:stream";

/** A body that must not be passed on; the text says why. */
export class BodyRefusedError extends Error {
  override readonly name = "BodyRefusedError";
  readonly reason: "too-large" | "another-body" | "cut";

  constructor(reason: BodyRefusedError["reason"], message: string) {
    super(message);
    this.reason = reason;
  }
}

export type PassedBodyOptions = {
  readonly bytesMax: number;
  /** The SHA-256 that the body must have, in hex; null for any body. */
  readonly sha256: string | null;
  /** Called when bytes move. */
  readonly moved: () => void;
};

/**
 * Passes the body of a request on as it arrives, as fast as `to` takes it. Resolves when all of it is given to `to`, which is then ended. Rejects with
 * BodyRefusedError; then `to` lacks the end of the body, so that its reader can't take it for a whole one.
 */
export function passBody(from: IncomingMessage, to: Writable, options: PassedBodyOptions): Promise<void> {
  const { bytesMax, sha256, moved } = options;
  const hash = sha256 === null ? null : createHash("sha256");
  const done = Promise.withResolvers<void>();
  let bytes = 0;
  // Of a body that is checked, the last piece waits for the result.
  let held: Buffer | null = null;
  const write = (chunk: Buffer): void => {
    if (to.destroyed || to.write(chunk)) return;
    from.pause();
    to.once("drain", () => {
      moved();
      from.resume();
    });
  };
  from.on("data", (chunk: Buffer) => {
    moved();
    bytes += chunk.length;
    if (bytes > bytesMax) {
      from.pause();
      done.reject(new BodyRefusedError("too-large", `The request body is larger than ${bytesMax} bytes.`));
      return;
    }
    hash?.update(chunk);
    const next = hash === null ? chunk : held;
    if (hash !== null) held = chunk;
    if (next !== null) write(next);
  });
  from.once("end", () => {
    if (hash !== null && hash.digest("hex") !== sha256) {
      const text = "The value of 'X-Amz-Content-Sha256' does not match the body of the request.";
      done.reject(new BodyRefusedError("another-body", text));
      return;
    }
    to.end(held ?? undefined);
    done.resolve();
  });
  const cut = () => done.reject(new BodyRefusedError("cut", "The request ended before its body was complete."));
  from.once("error", cut);
  from.once("close", () => {
    if (!from.complete) cut();
  });
  return done.promise;
}
