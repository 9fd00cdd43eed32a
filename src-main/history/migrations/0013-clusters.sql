-- Where the runs of a study are that another machine works on, and how much of each is here: that many bytes of that
-- file of its logs, and all files before it, in the very transaction that keeps what they say.
CREATE TABLE cluster_tasks (
  study    INTEGER NOT NULL,
  place    INTEGER NOT NULL,
  state    TEXT NOT NULL CHECK (state IN ('waiting', 'queued', 'running', 'done', 'stopped', 'failed', 'lost')),
  words    TEXT NOT NULL,      -- the scheduler's, or what it is at
  job      TEXT,               -- the scheduler's number
  host     TEXT,
  gpus     TEXT,
  seconds  REAL,               -- that it took, once it is over
  file     TEXT,
  bytes    INTEGER NOT NULL,
  before   REAL NOT NULL,      -- engine seconds of its sittings before the present one
  error    TEXT,               -- JSON
  checksum INTEGER,
  PRIMARY KEY (study, place),
  FOREIGN KEY (study, place) REFERENCES study_runs (study, place) ON DELETE CASCADE
) STRICT;
