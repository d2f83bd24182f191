import type { Task } from "../../ecs/documents/task.ts";
import type { Kept } from "../durable-state.ts";
import type { Call, Checker, Outcome, Violate } from "./checker.ts";

const rule = "a client token gives one result";

/** AWS: RunTask's tokens live for 24 hours, or until the last of their tasks has been forgotten. */
const lifeMs = 86_400_000;
/** LIMIT: how long a call may wait for a slow disk before it takes effect; near its end a token may therefore be known or not. */
const slackMs = 600_000;

type Known = {
  /** When the token was first used in this life. The call may have been lost and still have taken effect. */
  since: number;
  /** It was used near its end, and from then on nobody knows which tasks it belongs to. */
  isUnclear: boolean;
  /** The first call that was answered. Null if none was. */
  first: { readonly parameters: string; readonly tasks: ReadonlySet<string> } | null;
};

/** Acknowledged calls with the same token, cluster and parameters give the same tasks as long as the token lives. */
export class ClientTokensChecker implements Checker {
  readonly #violate: Violate;
  readonly #known = new Map<string, Known>();
  /** ARNs of tasks that were durable and are gone. */
  readonly #forgotten = new Set<string>();

  constructor(violate: Violate) {
    this.#violate = violate;
  }

  kept({ documents }: Kept): void {
    for (const { kind, before, after } of documents) {
      if (kind === "task" && before !== null && after === null) this.#forgotten.add((before as Task).arn);
    }
  }

  callStarted(call: Call): void {
    const key = keyOf(call);
    if (key === null) return;
    const known = this.#known.get(key);
    const ageMs = call.startedAt - (known?.since ?? 0);
    if (known === undefined || (ageMs > lifeMs + slackMs && !known.isUnclear)) {
      this.#known.set(key, { since: call.startedAt, isUnclear: false, first: null });
    } else if (ageMs > lifeMs - slackMs) known.isUnclear = true;
  }

  callEnded(call: Call, outcome: Outcome): void {
    const key = keyOf(call);
    const known = key === null ? undefined : this.#known.get(key);
    // An answer to a call from before the token's current life says nothing about it.
    if (known === undefined || known.isUnclear || outcome.type !== "reply" || call.startedAt < known.since) return;
    const tasks = new Set(
      (outcome.reply.tasks as readonly { readonly taskArn: string }[]).map(({ taskArn }) => taskArn),
    );
    if (known.first === null && tasks.size === 0) {
      // A call that started nothing leaves its token unused.
      this.#known.delete(key ?? "");
      return;
    }
    const { clientToken: _token, cluster: _cluster, ...others } = call.request;
    const parameters = JSON.stringify(others);
    // An answer that took longer than its tasks lived says nothing about the token's next life.
    if (tasks.isSubsetOf(this.#forgotten)) return;
    if (known.first?.tasks.isSubsetOf(this.#forgotten) === true) {
      known.first = null;
      known.since = call.startedAt;
    }
    if (known.first === null) known.first = { parameters, tasks };
    else if (known.first.parameters !== parameters) {
      this.#violate(rule, `${key} was taken for ${known.first.parameters} and again for ${parameters}`);
    } else if (!tasks.isSubsetOf(known.first.tasks)) {
      // Fewer are fine: the retention of some may be over.
      this.#violate(rule, `${key} gave ${[...known.first.tasks]} first and ${[...tasks]} later`);
    }
  }
}

function keyOf({ operation, request, cluster }: Call): string | null {
  return operation === "RunTask" && typeof request.clientToken === "string"
    ? `${cluster} ${request.clientToken}`
    : null;
}
