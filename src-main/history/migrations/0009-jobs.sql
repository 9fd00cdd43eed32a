-- The queue of work: one row a job, with what was asked for and what it belongs to. Its order is that of rank, which stays with a job
-- whatever becomes of it, so that one that is held or interrupted has its old place when it goes on.

CREATE TABLE jobs (
  job        INTEGER PRIMARY KEY AUTOINCREMENT, -- a number is never used twice
  kind       TEXT NOT NULL,
  title      TEXT NOT NULL,
  place      TEXT NOT NULL,                     -- where it is worked on: 'here'
  state      TEXT NOT NULL CHECK (state IN ('waiting', 'paused', 'running', 'done', 'failed', 'cancelled', 'interrupted')),
  rank       INTEGER NOT NULL,
  made       TEXT NOT NULL,
  started    TEXT,                              -- for the first time
  ended      TEXT,
  error      TEXT,                              -- JSON
  run        INTEGER,                           -- numbers of what it belongs to, also when that is forgotten
  study      INTEGER,
  evaluation INTEGER,
  file       TEXT,                              -- that it writes
  request    TEXT NOT NULL,                     -- JSON
  checksum   INTEGER
) STRICT;
CREATE INDEX jobs_by_state ON jobs (state);
CREATE INDEX jobs_by_run ON jobs (run);
CREATE INDEX jobs_by_study ON jobs (study);
CREATE INDEX jobs_by_evaluation ON jobs (evaluation);
