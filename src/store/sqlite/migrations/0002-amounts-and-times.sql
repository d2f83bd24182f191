-- event_bytes: the bytes of the bodies in `events`. newest_at: the time of the newest step that was appended (epoch milliseconds).
ALTER TABLE partitions ADD COLUMN event_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE partitions ADD COLUMN newest_at INTEGER NOT NULL DEFAULT 0;

UPDATE partitions SET
  event_bytes = coalesce((SELECT sum(octet_length(body)) FROM events WHERE partition_id = partitions.id), 0),
  newest_at = coalesce((
    SELECT iif(json_valid(body), CAST(json_extract(body, '$.time') AS INTEGER), 0) FROM events
    WHERE partition_id = partitions.id ORDER BY sequence DESC LIMIT 1), 0);

-- One row. acknowledged: appends that were ever acknowledged. missing: how many of them a start did not find, until somebody accepts that.
CREATE TABLE appends (
  acknowledged INTEGER NOT NULL,
  missing INTEGER NOT NULL
) STRICT;
INSERT INTO appends (acknowledged, missing) VALUES (0, 0);
