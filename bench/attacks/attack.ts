/** The definition of an attack: which server it needs, what it does to it, and who is watched meanwhile. */
import type { CheckoutServerOptions } from "../checkout-server.ts";
import type { BenchKey } from "../signed-request.ts";

/** The account that attacks, and the one whose calls are measured. */
export const accounts = { attacker: "111111111111", bystander: "222222222222" } as const;

/** The attack also comes from the first address. Nobody else uses the second. */
export const bystanderSources = ["127.0.0.1", "127.0.0.9"] as const;

/** LIMIT: 32 addresses share the 16,384 connections of the port, 512 each. */
export const attackerSources: readonly string[] = Array.from({ length: 32 }, (_, at) => `127.0.1.${at + 1}`);

/** A server to attack. */
export type Target = {
  readonly port: number;
  readonly pid: number;
  /** A key of the attacker's account. */
  readonly key: BenchKey;
  readonly dataDir: string;
};

/** An attack that continues until it is stopped or done. */
export type UnderWay = {
  /** Resolves when there is nothing left to do. An attack without it continues for its `seconds`. */
  readonly done?: Promise<void>;
  /** Closes every connection. */
  readonly stop: () => Promise<void>;
  /** Other figures to show, by name with its unit, such as "bytes written per change". */
  readonly measured?: () => Readonly<Record<string, number>>;
};

export type Attack = {
  readonly name: string;
  /** The group of figures it belongs to, for `--only`. */
  readonly kind: "bodies" | "places" | "constraints" | "memory" | "log" | "agents";
  readonly says: string;
  readonly server: Pick<CheckoutServerOptions, "command" | "standardError"> & {
    readonly flags?: readonly string[];
    readonly tls?: boolean;
  };
  /** What the bystander calls. See {@link BystanderOptions}. */
  readonly bystander: "list" | "create";
  /** LIMIT: the longest time that the attack continues. */
  readonly seconds: number;
  /** Whether to restart the server on what the attack left, and show the time. */
  readonly startsAgain?: boolean;
  /** Creates what the attack needs, before anything is measured. */
  readonly prepare?: (target: Target) => Promise<void>;
  readonly begin: (target: Target) => Promise<UnderWay>;
};
