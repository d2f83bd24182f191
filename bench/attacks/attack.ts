/** What one attack is: which server it needs, what it does to it, and who is watched meanwhile. */
import type { CheckoutServerOptions } from "../checkout-server.ts";
import type { BenchKey } from "../signed-request.ts";

/** The account that attacks, and the one whose calls are measured. */
export const accounts = { attacker: "111111111111", bystander: "222222222222" } as const;

/** The first is the address that the attack comes from too, the second is nobody else's. */
export const bystanderSources = ["127.0.0.1", "127.0.0.9"] as const;

/** LIMIT: 32 addresses share the 16,384 connections of the port, 512 each. */
export const attackerSources: readonly string[] = Array.from({ length: 32 }, (_, at) => `127.0.1.${at + 1}`);

/** A server to attack. */
export type Target = {
  readonly port: number;
  readonly pid: number;
  /** A key of the account that attacks. */
  readonly key: BenchKey;
  readonly dataDir: string;
};

/** An attack that goes on until it is stopped, or is done before. */
export type UnderWay = {
  /** Resolves when there is nothing left to do; an attack without it goes on for its `seconds`. */
  readonly done?: Promise<void>;
  /** Closes every connection. */
  readonly stop: () => Promise<void>;
  /** What else is to be shown, by name with its unit, such as "bytes written per change". */
  readonly measured?: () => Readonly<Record<string, number>>;
};

export type Attack = {
  readonly name: string;
  /** Of the issue that asked for these figures, for `--only`. */
  readonly kind: "bodies" | "places" | "constraints" | "memory" | "log" | "agents";
  readonly says: string;
  readonly server: Pick<CheckoutServerOptions, "command" | "standardError"> & {
    readonly flags?: readonly string[];
    readonly tls?: boolean;
  };
  /** What the bystander calls; see {@link BystanderOptions}. */
  readonly bystander: "list" | "create";
  /** LIMIT: the longest time that the attack goes on. */
  readonly seconds: number;
  /** Whether the server is started again on what the attack left, and the time of that is shown. */
  readonly startsAgain?: boolean;
  /** Makes what the attack needs, before anything is measured. */
  readonly prepare?: (target: Target) => Promise<void>;
  readonly begin: (target: Target) => Promise<UnderWay>;
};
