-- A row of `events` holds `count` events, the last of which is `sequence`. Their text is packed (packed-texts.ts): as TEXT, or, when it is long,
-- as a BLOB that is compressed. `bytes` is the length of their bodies in UTF-8.
CREATE TABLE packed_events (
  id INTEGER PRIMARY KEY,
  partition_id INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  count INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  body ANY NOT NULL,
  UNIQUE (partition_id, sequence)
) STRICT;
INSERT INTO packed_events (id, partition_id, sequence, count, bytes, body)
SELECT id, partition_id, sequence, 1, octet_length(body), body FROM events;
DROP TABLE events;
ALTER TABLE packed_events RENAME TO events;

-- Events up to this sequence are forgotten, even if their row still holds later ones.
ALTER TABLE partitions ADD COLUMN forgotten INTEGER NOT NULL DEFAULT 0;

-- What large appends wrote to documents, in order, until it is moved into the table `documents`: packed texts in threes, a kind, a key and a
-- body. A partition's documents are those of its table, overwritten by these.
CREATE TABLE document_log (
  id INTEGER PRIMARY KEY,
  partition_id INTEGER NOT NULL,
  body ANY NOT NULL
) STRICT;
