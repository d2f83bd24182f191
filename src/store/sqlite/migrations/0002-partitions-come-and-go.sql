-- When a partition is to be opened though nobody asks for it (epoch milliseconds): 0 for always, NULL for never. Partitions of before
-- are opened once, and then say themselves.
ALTER TABLE partitions ADD COLUMN needed_at INTEGER DEFAULT 0;

-- One row: the highest epoch and sequence of all partitions that were removed. New ones go on from there.
CREATE TABLE removed (
  epoch INTEGER NOT NULL,
  last_sequence INTEGER NOT NULL
) STRICT;
INSERT INTO removed (epoch, last_sequence) VALUES (0, 0);

-- Partitions whose row is gone and whose documents and events are being deleted, a few thousand at a time.
CREATE TABLE leftovers (
  partition_id INTEGER PRIMARY KEY
) STRICT;
