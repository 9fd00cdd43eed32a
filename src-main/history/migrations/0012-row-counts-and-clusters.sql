-- How many rows of each kind hang on a run, so that rows which a damaged file lost are missed though all that are left are sound. A run of
-- before has those that were there at this migration.

CREATE TABLE run_rows (
  run         INTEGER PRIMARY KEY REFERENCES runs (run) ON DELETE CASCADE,
  parents     INTEGER NOT NULL DEFAULT 0,
  stages      INTEGER NOT NULL DEFAULT 0,
  epochs      INTEGER NOT NULL DEFAULT 0,
  resume      INTEGER NOT NULL DEFAULT 0,
  evaluations INTEGER NOT NULL DEFAULT 0,
  run_images  INTEGER NOT NULL DEFAULT 0,
  openings    INTEGER NOT NULL DEFAULT 0,
  checksum    INTEGER
) STRICT;

INSERT INTO run_rows (run, parents, stages, epochs, resume, evaluations, run_images, openings)
  SELECT run,
    (SELECT count(*) FROM parents p WHERE p.run = r.run),
    (SELECT count(*) FROM stages s WHERE s.run = r.run),
    (SELECT count(*) FROM epochs e WHERE e.run = r.run),
    (SELECT count(*) FROM resume u WHERE u.run = r.run),
    (SELECT count(*) FROM evaluations v WHERE v.run = r.run),
    (SELECT count(*) FROM run_images i WHERE i.run = r.run),
    (SELECT count(*) FROM openings o WHERE o.run = r.run)
  FROM runs r;

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
