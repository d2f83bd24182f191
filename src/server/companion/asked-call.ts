/** A question of Berth's own to the companion, whose answer is held as a whole. */
import { type Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { type Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { Deadline, Deadlines } from "./deadlines.ts";

export type Question = {
  readonly method: string;
  /** The request line's target, with its query. */
  readonly path: string;
  /** Names and values in turn, with those that delimit the body. */
  readonly headers: readonly string[];
  readonly body: Uint8Array | null;
};

export type WholeAnswer = { readonly status: number; readonly body: Buffer };

export type QuestionBounds = { readonly bytesMax: number; readonly timeoutMs: number; readonly deadlines: Deadlines };

/** Why there is no answer: the text says what the companion did, without its name. */
export class NoAnswerError extends Error {
  override readonly name = "NoAnswerError";
}

/** Asks, and holds the answer. Rejects with NoAnswerError. */
export async function ask(
  url: URL,
  agent: HttpAgent | HttpsAgent,
  { method, path, headers, body }: Question,
  { bytesMax, timeoutMs, deadlines }: QuestionBounds,
): Promise<WholeAnswer> {
  const options = { agent, method, path, headers: [...headers], setHost: false };
  const request =
    url.protocol === "https:" ? httpsRequest(url, { ...options, servername: url.hostname }) : httpRequest(url, options);
  let isLate = false;
  const deadline: Deadline = {
    at: performance.now() + timeoutMs,
    passed: () => {
      isLate = true;
      request.destroy();
    },
  };
  deadlines.add(deadline);
  try {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      request.once("response", resolve);
      request.once("upgrade", () => reject(new NoAnswerError("answered with another protocol")));
      request.on("error", reject);
      request.end(body ?? undefined);
    });
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of answer) {
      bytes += (chunk as Buffer).length;
      if (bytes > bytesMax) throw new NoAnswerError(`answered with more than ${bytesMax} bytes`);
      chunks.push(chunk as Buffer);
    }
    return { status: answer.statusCode ?? 0, body: Buffer.concat(chunks) };
  } catch (error) {
    request.destroy();
    if (error instanceof NoAnswerError) throw error;
    if (isLate) throw new NoAnswerError("did not answer in time");
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    throw new NoAnswerError(code === "" ? "gave no answer" : `gave no answer (${code})`, { cause: error });
  } finally {
    deadlines.remove(deadline);
  }
}
