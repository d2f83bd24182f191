import { join } from "node:path";
import { ReadDatabase } from "../store/sqlite/read-database.ts";
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
  const database = new ReadDatabase(join(dataDir, "berth.sqlite"));
  try {
    const lastVersions = new Map<string, number>();
    let events = 0;
    for (const { id, name, lastSequence } of database.partitions()) {
      let last = 0;
      for (const { sequence, body } of database.events(id)) {
        expectEqual(`the next event of ${name}`, sequence, last + 1);
        last = sequence;
        events += 1;
        const { resources, detail } = JSON.parse(body) as EventBody;
        const { version } = detail;
        if (version === undefined) continue;
        for (const arn of resources) {
          expectEqual(`the next version of ${arn}`, version, (lastVersions.get(arn) ?? 0) + 1);
          lastVersions.set(arn, version);
        }
      }
      expectEqual(`the last sequence of ${name}`, lastSequence, last);
    }
    return { events, lastVersions };
  } finally {
    database.close();
  }
}
