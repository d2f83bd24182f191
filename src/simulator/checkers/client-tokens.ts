import type { Call, Checker, Outcome, Violate } from "./checker.ts";

const rule = "a client token gives one result";

/** Acknowledged calls with the same token, cluster and parameters gave the same tasks. */
export class ClientTokensChecker implements Checker {
  readonly #violate: Violate;
  readonly #results = new Map<string, { readonly parameters: string; readonly result: string; readonly at: number }>();

  constructor(violate: Violate) {
    this.#violate = violate;
  }

  callEnded(call: Call, outcome: Outcome): void {
    const token = call.request.clientToken as string | undefined;
    if (call.operation !== "RunTask" || token === undefined || outcome.type !== "reply") return;
    const tasks = outcome.reply.tasks as readonly { readonly taskArn: string }[];
    const result = tasks.map(({ taskArn }) => taskArn).join(" ");
    const { clientToken: _, ...rest } = call.request;
    const parameters = JSON.stringify(rest);
    const key = `${call.cluster} ${token}`;
    const known = this.#results.get(key);
    if (known === undefined) {
      this.#results.set(key, { parameters, result, at: call.startedAt });
    } else if (known.parameters !== parameters) {
      this.#violate(rule, `${key} was taken for ${known.parameters} and again for ${parameters}`);
    } else if (!isPartOf(result, known.result)) {
      this.#violate(rule, `${key} gave ${known.result} first and ${result} later`);
    }
  }
}

/** Tasks of the first answer whose retention is over are missing in later ones; no other may appear. */
function isPartOf(later: string, first: string): boolean {
  const known = new Set(first.split(" "));
  return later === "" || later.split(" ").every((arn) => known.has(arn));
}
