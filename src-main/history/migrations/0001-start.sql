-- Runs and all that is known of them. Tables of numbers are float64 blobs (rows, columns, values: see numbers.ts),
-- so that what is read back has the bits that were written. A stage counts from 0, the start.

CREATE TABLE checkpoints (
  sha256 TEXT PRIMARY KEY,
  role   TEXT NOT NULL,
  name   TEXT NOT NULL,
  file   TEXT NOT NULL, -- where it was last seen
  bytes  INTEGER NOT NULL
) STRICT;

CREATE TABLE runs (
  run                INTEGER PRIMARY KEY AUTOINCREMENT, -- a number is never used twice
  name               TEXT NOT NULL,
  method             TEXT NOT NULL,
  objective          TEXT NOT NULL,
  grouping           TEXT NOT NULL,
  state              TEXT NOT NULL CHECK (state IN ('running', 'interrupted', 'stopped', 'cancelled', 'failed', 'done')),
  seed               INTEGER NOT NULL,
  created            TEXT NOT NULL,
  ended              TEXT,
  seconds            REAL NOT NULL DEFAULT 0,
  iterations_planned INTEGER NOT NULL,
  iterations_done    INTEGER NOT NULL DEFAULT 0,
  accuracy           REAL, -- of the final evaluation, written when the run ends
  relative_accuracy  REAL,
  config             TEXT NOT NULL, -- resolved, JSON
  engine             TEXT,          -- JSON
  blocks             TEXT,          -- coefficient names, JSON
  parameters         INTEGER,
  images             TEXT,          -- JSON
  error              TEXT           -- JSON
) STRICT;
CREATE INDEX runs_by_state ON runs (state);

CREATE TABLE parents (
  run    INTEGER NOT NULL REFERENCES runs (run) ON DELETE CASCADE,
  place  INTEGER NOT NULL,
  role   TEXT NOT NULL,
  file   TEXT NOT NULL,
  name   TEXT NOT NULL,
  bytes  INTEGER NOT NULL,
  sha256 TEXT NOT NULL REFERENCES checkpoints (sha256),
  PRIMARY KEY (run, place)
) STRICT;
CREATE INDEX parents_by_checkpoint ON parents (sha256);

CREATE TABLE stages (
  run             INTEGER NOT NULL REFERENCES runs (run) ON DELETE CASCADE,
  stage           INTEGER NOT NULL,
  kind            TEXT NOT NULL CHECK (kind IN ('start', 'iteration')),
  method          TEXT NOT NULL,
  vectors         TEXT NOT NULL, -- names, JSON
  epochs_planned  INTEGER NOT NULL,
  steps_per_epoch INTEGER NOT NULL,
  accepted        INTEGER, -- null until the stage has ended, as all below
  best            INTEGER,
  still           REAL,
  metric          REAL,
  coefficients    BLOB,
  losses          BLOB,
  PRIMARY KEY (run, stage)
) STRICT;

CREATE TABLE epochs (
  run               INTEGER NOT NULL,
  stage             INTEGER NOT NULL,
  epoch             INTEGER NOT NULL,
  step              INTEGER NOT NULL,
  losses            BLOB NOT NULL, -- one a step of this epoch
  metric            REAL NOT NULL,
  best              INTEGER NOT NULL,
  tasks             TEXT NOT NULL, -- scores, JSON
  coefficients      BLOB NOT NULL,
  seconds           REAL NOT NULL,
  remaining_seconds REAL,
  PRIMARY KEY (run, stage, epoch),
  FOREIGN KEY (run, stage) REFERENCES stages (run, stage) ON DELETE CASCADE
) STRICT;

-- What is needed to go on after a run's last epoch; written in the same transaction as that epoch.
CREATE TABLE resume (
  run               INTEGER PRIMARY KEY REFERENCES runs (run) ON DELETE CASCADE,
  stage             INTEGER NOT NULL,
  epoch             INTEGER NOT NULL,
  step              INTEGER NOT NULL,
  coefficients      BLOB NOT NULL,
  first_moment      BLOB NOT NULL,
  second_moment     BLOB NOT NULL,
  losses            BLOB NOT NULL,
  still             REAL NOT NULL,
  best_step         INTEGER NOT NULL,
  best_metric       REAL NOT NULL,
  best_coefficients BLOB NOT NULL,
  since_best        INTEGER NOT NULL,
  completed         BLOB NOT NULL -- tables one after the other
) STRICT;

-- One row a task. stage is -1 for the models that have none (pretrained, finetuned).
CREATE TABLE evaluations (
  run               INTEGER NOT NULL REFERENCES runs (run) ON DELETE CASCADE,
  split             TEXT NOT NULL,
  model             TEXT NOT NULL,
  stage             INTEGER NOT NULL,
  place             INTEGER NOT NULL,
  task              TEXT NOT NULL,
  loss              REAL NOT NULL,
  accuracy          REAL NOT NULL,
  relative_accuracy REAL,
  PRIMARY KEY (run, split, model, stage, place)
) STRICT;
