-- Models measured outside a run, and who opened which test data. An opening outlives the run or the evaluation it was made for.

CREATE TABLE model_evaluations (
  evaluation INTEGER PRIMARY KEY AUTOINCREMENT,
  created    TEXT NOT NULL,
  state      TEXT NOT NULL CHECK (state IN ('running', 'done', 'failed')),
  error      TEXT,          -- JSON
  split      TEXT NOT NULL,
  models     TEXT NOT NULL, -- names, JSON
  tasks      TEXT NOT NULL, -- names, JSON
  accuracy   REAL,          -- of the first model, mean over tasks
  report     TEXT           -- JSON; long, and therefore last
) STRICT;

CREATE TABLE openings (
  opening    INTEGER PRIMARY KEY AUTOINCREMENT,
  opened     TEXT NOT NULL,
  evaluation INTEGER, -- its number, also when it is forgotten; or else
  run        INTEGER,
  task       TEXT NOT NULL,
  data       TEXT NOT NULL, -- as it was named, the path absolute
  CHECK ((evaluation IS NULL) <> (run IS NULL))
) STRICT;
CREATE INDEX openings_by_run ON openings (run);
CREATE INDEX openings_by_data ON openings (data);
