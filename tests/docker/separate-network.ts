/**
 * A network namespace with a single exit, which can be cut. The engine's socket is a file, so it can be reached from inside too.
 */
import { execFileSync } from "node:child_process";
import { randomBytes, randomInt } from "node:crypto";

/** Ways to cut it, as they happen: a firewall that drops packets, in one direction or both, and a cable that is pulled. */
export type Cut = "drop-all" | "drop-outgoing" | "drop-incoming" | "link-down";

const run = (file: string, ...argv: readonly string[]): void => {
  execFileSync(file, argv, { stdio: ["ignore", "ignore", "pipe"] });
};

export class SeparateNetwork {
  readonly #name = `berth-${randomBytes(4).toString("hex")}`;
  readonly #inside = `bi${randomBytes(4).toString("hex")}`;
  readonly #outside = `bo${randomBytes(4).toString("hex")}`;
  /** The address of this machine as seen from inside. */
  readonly address: string;

  private constructor() {
    // 198.18.0.0/15 is reserved for network tests.
    const block = `198.18.${randomInt(256)}.${4 * randomInt(64)}`;
    const [, first = "", last = ""] = /^(.*\.)(\d+)$/.exec(block) ?? [];
    this.address = `${first}${Number(last) + 1}`;
    run("ip", "netns", "add", this.#name);
    run("ip", "link", "add", this.#outside, "type", "veth", "peer", "name", this.#inside, "netns", this.#name);
    run("ip", "address", "add", `${this.address}/30`, "dev", this.#outside);
    run("ip", "link", "set", this.#outside, "up");
    run("ip", "-n", this.#name, "address", "add", `${first}${Number(last) + 2}/30`, "dev", this.#inside);
    run("ip", "-n", this.#name, "link", "set", "lo", "up");
    run("ip", "-n", this.#name, "link", "set", this.#inside, "up");
  }

  /** The network, or why there can be none here. */
  static open(): SeparateNetwork | string {
    if (process.getuid?.() !== 0) return "network namespaces need root";
    try {
      return new SeparateNetwork();
    } catch (error) {
      return `a network namespace cannot be made: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  /** False, or why tests that cut a network are skipped here. */
  static whyNone(): string | false {
    const network = SeparateNetwork.open();
    if (typeof network === "string") return network;
    try {
      network.cut("drop-all");
      return false;
    } catch (error) {
      return `its packets cannot be dropped: ${error instanceof Error ? error.message : String(error)}`;
    } finally {
      network.close();
    }
  }

  /** The command line that runs `argv` inside. Unlike `ip netns exec` it does not change /sys and its control groups. */
  inside(argv: readonly string[]): readonly [string, ...string[]] {
    return ["nsenter", `--net=/run/netns/${this.#name}`, ...argv];
  }

  cut(how: Cut): void {
    if (how === "link-down") {
      run("ip", "-n", this.#name, "link", "set", this.#inside, "down");
      return;
    }
    if (how !== "drop-incoming") this.#drop("OUTPUT", "-o");
    if (how !== "drop-outgoing") this.#drop("INPUT", "-i");
  }

  heal(): void {
    const [file, ...argv] = this.inside(["iptables", "-F"]);
    run(file, ...argv);
    run("ip", "-n", this.#name, "link", "set", this.#inside, "up");
  }

  close(): void {
    run("ip", "netns", "delete", this.#name);
  }

  #drop(chain: "INPUT" | "OUTPUT", by: "-i" | "-o"): void {
    const [file, ...argv] = this.inside(["iptables", "-A", chain, by, this.#inside, "-j", "DROP"]);
    run(file, ...argv);
  }
}
