-- The library of checkpoints: one row a place where one lies. What it is follows from its content (facts), what the person says of it
-- (role, tags, notes) stays with the row, also when the file is gone, or is found again elsewhere. Parents of runs are known by hash alone.

CREATE TABLE library (
  id       INTEGER PRIMARY KEY AUTOINCREMENT, -- a number is never used twice
  path     TEXT NOT NULL UNIQUE,              -- as it was named or met
  target   TEXT NOT NULL,                     -- with links followed: one file is one row
  parts    TEXT NOT NULL,                     -- of an index, its shards' names, JSON
  bytes    INTEGER NOT NULL,                  -- of all parts
  modified REAL NOT NULL,                     -- milliseconds since 1970, of the newest part
  quick    TEXT,                              -- SHA-256 of first and last 64 KiB; null: cannot be read
  added    TEXT NOT NULL,
  state    TEXT NOT NULL CHECK (state IN ('present', 'missing', 'unreadable', 'changed')),
  error    TEXT,                              -- JSON
  sha256   TEXT,                              -- null: not hashed yet
  fresh    INTEGER NOT NULL,                  -- 1 until the first hash: such a row may turn out to be one that moved
  facts    TEXT,                              -- what reading its header gave, JSON; null: not read yet, or unreadable
  role     TEXT,                              -- the person's word
  tags     TEXT NOT NULL,                     -- JSON
  notes    TEXT NOT NULL,
  tensors  TEXT,                              -- JSON; long, and therefore last: a list of rows does not read past the columns before
  metadata TEXT                               -- JSON
) STRICT;
CREATE INDEX library_by_sha256 ON library (sha256);
CREATE INDEX library_by_target ON library (target);
CREATE INDEX library_by_size ON library (bytes, quick);
