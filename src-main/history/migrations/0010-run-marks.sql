-- What a person says of a run beside its name: words to find it by, notes, whether it stands first, and since when it is in the trash. A run
-- without a row has none of it. Not a part of the run: it may be changed while the run is at work, and says nothing of what it came to.

CREATE TABLE run_marks (
  run      INTEGER PRIMARY KEY REFERENCES runs (run) ON DELETE CASCADE,
  tags     TEXT NOT NULL, -- JSON
  notes    TEXT NOT NULL,
  pinned   INTEGER NOT NULL,
  trashed  TEXT,          -- null: it is not in the trash
  checksum INTEGER
) STRICT;
