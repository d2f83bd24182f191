-- Tables with a rowid on purpose: rows of some kilobytes would spill to overflow pages in a WITHOUT ROWID table
-- (figures in docs/decisions/0003-sqlite-store.md).

CREATE TABLE partitions (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  epoch INTEGER NOT NULL,
  last_sequence INTEGER NOT NULL
) STRICT;

CREATE TABLE documents (
  id INTEGER PRIMARY KEY,
  partition_id INTEGER NOT NULL,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  body TEXT NOT NULL,
  UNIQUE (partition_id, kind, key)
) STRICT;

CREATE TABLE events (
  id INTEGER PRIMARY KEY,
  partition_id INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  body TEXT NOT NULL,
  UNIQUE (partition_id, sequence)
) STRICT;
