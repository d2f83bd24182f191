-- The version of the Berth that appended to the partition last; NULL when that was one that did not say so.
ALTER TABLE partitions ADD COLUMN written_by TEXT;
