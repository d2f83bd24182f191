import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expectEqual } from "./tour-steps.ts";

/** The contents of a stopped server's event log. */
export type EventLog = {
  readonly events: number;
  /** ARN of a task or container instance -> `version` of its newest event. */
  readonly lastVersions: ReadonlyMap<string, number>;
};

/** Events about services and deployments have no version. */
type EventBody = { readonly resources: readonly string[]; readonly detail: { readonly version?: number } };

/**
 * Reads the events of every cluster in the data directory of a server that is not running. Throws if a sequence has a gap, or a
 * resource's version does not rise by one from event to event.
 */
export function readEventLog(dataDir: string): EventLog {
  const database = new DatabaseSync(join(dataDir, "berth.sqlite"), { readOnly: true });
  try {
    const rows = database
      .prepare(
        `SELECT name, last_sequence, sequence, body FROM events JOIN partitions ON partitions.id = partition_id
         ORDER BY name, sequence`,
      )
      .all();
    const lastVersions = new Map<string, number>();
    const next = new Map<string, number>();
    for (const { name, last_sequence: last, sequence, body } of rows) {
      const partition = String(name);
      expectEqual(`the next event of ${partition}`, sequence, next.get(partition) ?? 1);
      next.set(partition, Number(sequence) + 1);
      if (rows.at(-1)?.sequence === sequence && rows.at(-1)?.name === name) {
        expectEqual(`the last sequence of ${partition}`, last, sequence);
      }
      const { resources, detail } = JSON.parse(String(body)) as EventBody;
      const { version } = detail;
      if (version === undefined) continue;
      for (const arn of resources) {
        expectEqual(`the next version of ${arn}`, version, (lastVersions.get(arn) ?? 0) + 1);
        lastVersions.set(arn, version);
      }
    }
    return { events: rows.length, lastVersions };
  } finally {
    database.close();
  }
}
