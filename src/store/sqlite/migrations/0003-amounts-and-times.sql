-- event_bytes: the bytes of the bodies in `events`. newest_at: the time of the newest step that was appended (epoch milliseconds).
-- appended: how many appends there were. In this row and not in one of its own, as a page more per commit costs half of a commit.
ALTER TABLE partitions ADD COLUMN event_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE partitions ADD COLUMN newest_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE partitions ADD COLUMN appended INTEGER NOT NULL DEFAULT 0;

UPDATE partitions SET
  event_bytes = coalesce((SELECT sum(octet_length(body)) FROM events WHERE partition_id = partitions.id), 0),
  newest_at = coalesce((
    SELECT iif(json_valid(body), CAST(json_extract(body, '$.time') AS INTEGER), 0) FROM events
    WHERE partition_id = partitions.id ORDER BY sequence DESC LIMIT 1), 0);

-- One row. elsewhere: appends of partitions that are gone, and those that are missing. missing: how many acknowledged appends a start did
-- not find, until somebody accepts that.
CREATE TABLE appends (
  elsewhere INTEGER NOT NULL,
  missing INTEGER NOT NULL
) STRICT;
INSERT INTO appends (elsewhere, missing) VALUES (0, 0);

CREATE TRIGGER appends_of_removed_partition AFTER DELETE ON partitions BEGIN
  UPDATE appends SET elsewhere = elsewhere + OLD.appended;
END;
