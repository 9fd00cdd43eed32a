-- Fine-tunings: what each was told and came to, its steps in pieces, and what was seen of its states. A piece that a state
-- on disk has closed is not cut any more unless that state turns out to be damaged. Test data that one opens is on record
-- like any other opening; SQLite cannot change a table's CHECK, so the table is made anew with every row as it was.

CREATE TABLE tunings (
  tuning        INTEGER PRIMARY KEY AUTOINCREMENT, -- a number is never used twice
  name          TEXT NOT NULL,
  kind          TEXT NOT NULL,
  task          TEXT NOT NULL,
  state         TEXT NOT NULL CHECK (state IN ('running', 'interrupted', 'stopped', 'cancelled', 'failed', 'done')),
  seed          INTEGER NOT NULL,
  created       TEXT NOT NULL,
  ended         TEXT,
  seconds       REAL NOT NULL DEFAULT 0,
  steps         INTEGER NOT NULL DEFAULT 0, -- done and kept
  planned       INTEGER,                    -- once it is opened
  accuracy      REAL,
  target        TEXT,                       -- file or folder that it is written to, once that is settled
  model         TEXT,                       -- the file that it became
  adapter       TEXT,
  sha256        TEXT,                       -- of the model
  error         TEXT,                       -- JSON
  config        TEXT NOT NULL,              -- resolved, JSON
  output        TEXT NOT NULL,              -- how it is to be written, JSON
  plan          TEXT,                       -- JSON
  engines       TEXT,                       -- JSON
  parents       TEXT,                       -- JSON
  notes         TEXT,                       -- JSON
  finished      TEXT,                       -- JSON
  data          TEXT,                       -- splits, JSON; long, and therefore last
  checksum      INTEGER,
  long_checksum INTEGER
) STRICT;
CREATE INDEX tunings_by_state ON tunings (state);

CREATE TABLE tuning_curve (
  tuning   INTEGER NOT NULL REFERENCES tunings (tuning) ON DELETE CASCADE,
  first    INTEGER NOT NULL, -- step
  last     INTEGER NOT NULL,
  closed   INTEGER NOT NULL, -- 1: a state stands at its end
  steps    TEXT NOT NULL,    -- JSON
  checksum INTEGER,
  PRIMARY KEY (tuning, first)
) STRICT;

CREATE TABLE tuning_looks (
  tuning   INTEGER NOT NULL REFERENCES tunings (tuning) ON DELETE CASCADE,
  steps    INTEGER NOT NULL, -- done by then
  epoch    REAL NOT NULL,
  loss     REAL,
  accuracy REAL,
  best     INTEGER NOT NULL,
  checksum INTEGER,
  PRIMARY KEY (tuning, steps)
) STRICT;

ALTER TABLE jobs ADD COLUMN tuning INTEGER;
CREATE INDEX jobs_by_tuning ON jobs (tuning);

CREATE TABLE new_openings (
  opening    INTEGER PRIMARY KEY AUTOINCREMENT,
  opened     TEXT NOT NULL,
  evaluation INTEGER, -- its number, also when it is forgotten; or else
  run        INTEGER,
  task       TEXT NOT NULL,
  data       TEXT NOT NULL, -- as it was named, the path absolute
  checksum   INTEGER,
  tuning     INTEGER,
  CHECK ((evaluation IS NOT NULL) + (run IS NOT NULL) + (tuning IS NOT NULL) = 1)
) STRICT;
INSERT INTO new_openings (opening, opened, evaluation, run, task, data, checksum)
  SELECT opening, opened, evaluation, run, task, data, checksum FROM openings;
DELETE FROM sqlite_sequence WHERE name = 'new_openings';
UPDATE sqlite_sequence SET name = 'new_openings' WHERE name = 'openings'; -- it goes on counting where it was
DROP TABLE openings;
ALTER TABLE new_openings RENAME TO openings;
CREATE INDEX openings_by_run ON openings (run);
CREATE INDEX openings_by_data ON openings (data);
