import { readdirSync, readFileSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { assert, must } from "../../lib/assert.ts";
import { StoreError } from "../store.ts";

export type Migration = { readonly version: number; readonly sql: string };

const migrationsFolder = new URL("./migrations/", import.meta.url);

/** The migrations in the tree, oldest first. Their numbers run from 1 without gaps. */
export function readMigrations(): Migration[] {
  const names = readdirSync(migrationsFolder)
    .filter((name) => name.endsWith(".sql"))
    .sort();
  return names.map((name, index) => {
    const version = Number.parseInt(name.slice(0, 4), 10);
    assert(version === index + 1, `migration ${name} has the number ${index + 1}`);
    return { version, sql: readFileSync(new URL(name, migrationsFolder), "utf8") };
  });
}

/**
 * Brings `database` to the newest schema, completely or not at all. Throws {@link StoreError} if the file was written by a newer
 * Berth or holds another program's tables. `file` is its name for the message.
 */
export function migrate(database: DatabaseSync, file: string, migrations: readonly Migration[]): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    const version = schemaVersion(database, file);
    const newest = must(migrations.at(-1), "a migration").version;
    if (version > newest) {
      throw new StoreError(
        `${file} was written by a newer Berth (schema version ${version}; this Berth knows ${newest} at most). Start that newer version, or choose another directory with --data-dir.`,
      );
    }
    for (const migration of migrations) {
      if (migration.version <= version) continue;
      database.exec(migration.sql);
      database.prepare("UPDATE schema_version SET version = ?").run(migration.version);
    }
    database.exec("COMMIT");
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

function schemaVersion(database: DatabaseSync, file: string): number {
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  if (tables.length === 0) {
    database.exec(
      "CREATE TABLE schema_version (version INTEGER NOT NULL) STRICT; INSERT INTO schema_version VALUES (0)",
    );
    return 0;
  }
  const row = tables.some((table) => table.name === "schema_version")
    ? database.prepare("SELECT version FROM schema_version").get()
    : undefined;
  const version = row?.version;
  if (typeof version === "number") return version;
  throw new StoreError(
    `${file} is a SQLite database, but not one of Berth. Move it away, or choose another directory with --data-dir.`,
  );
}
