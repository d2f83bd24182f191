import type { EcsApi } from "../agent-protocol/connection.ts";
import type { Clock, Timer } from "../lib/clock.ts";
import type { Log } from "../lib/log-events.ts";
import type { RandomStream } from "../lib/random.ts";
import { Backoff, type BackoffShape } from "./backoff.ts";
import { codeOf } from "./submissions.ts";

/** AWS: registration errors that are worth a retry. On any other error, an agent exits. */
const retriedCodes: readonly string[] = ["ServerException", "LimitExceededException", "ThrottlingException"];
const registrationBackoff: BackoffShape = { firstMs: 3_000, factor: 2, lastMs: 192_000 };
const discoveryBackoff: BackoffShape = { firstMs: 250, factor: 1.5, lastMs: 120_000 };

export type HostRegistrationOptions = {
  readonly api: EcsApi;
  readonly clock: Clock;
  readonly random: RandomStream;
  readonly log: Log;
};

export type Endpoints = { readonly acs: string; readonly tcs: string };

/** The calls that an agent makes before it connects, repeated while that can help. */
export class HostRegistration {
  readonly #options: HostRegistrationOptions;
  #pause: Timer | null = null;
  #wake: () => void = () => {};
  #closed = false;

  constructor(options: HostRegistrationOptions) {
    this.#options = options;
  }

  /** The ARN of the container instance, or null when closed. Rejects with an error that retrying cannot fix. */
  async register(request: object): Promise<string | null> {
    const { api, log, random } = this.#options;
    const backoff = new Backoff(registrationBackoff, random);
    while (!this.#closed) {
      try {
        return registeredArn(await api.call("RegisterContainerInstance", request));
      } catch (error) {
        if (!isWorthAnotherRegistration(error)) throw error;
        log("registration-delayed", { err: error });
        await this.#wait(backoff.next());
      }
    }
    return null;
  }

  /** Where to connect, or null when closed. */
  async discover(cluster: string, containerInstance: string): Promise<Endpoints | null> {
    const { api, log, random } = this.#options;
    const backoff = new Backoff(discoveryBackoff, random);
    while (!this.#closed) {
      try {
        const request = { cluster, containerInstance, zoneId: "" };
        const reply: { endpoint?: unknown; telemetryEndpoint?: unknown } = await api.call(
          "DiscoverPollEndpoint",
          request,
        );
        return { acs: String(reply.endpoint ?? ""), tcs: String(reply.telemetryEndpoint ?? "") };
      } catch (error) {
        log("endpoint-unavailable", { err: error, containerInstance });
        await this.#wait(backoff.next());
      }
    }
    return null;
  }

  close(): void {
    this.#closed = true;
    this.#pause?.cancel();
    this.#wake();
  }

  #wait(ms: number): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = resolve;
      this.#pause = this.#options.clock.setTimer(ms, resolve);
    });
  }
}

/** Whether a registration that failed with `error` may succeed next time. */
export function isWorthAnotherRegistration(error: unknown): boolean {
  const code = codeOf(error);
  return code?.endsWith("Exception") !== true || retriedCodes.includes(code);
}

function registeredArn(reply: { readonly containerInstance?: unknown }): string {
  const instance = reply.containerInstance as { readonly containerInstanceArn?: unknown } | null | undefined;
  const arn = instance?.containerInstanceArn;
  if (typeof arn !== "string") throw new Error("RegisterContainerInstance gave no containerInstanceArn");
  return arn;
}
