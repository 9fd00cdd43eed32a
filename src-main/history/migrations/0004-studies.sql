-- Studies: which runs belong together, planned before they are begun; the weights of MGDA's steps, and collapse.

CREATE TABLE studies (
  study      INTEGER PRIMARY KEY AUTOINCREMENT,
  name       TEXT NOT NULL,
  created    TEXT NOT NULL,
  state      TEXT NOT NULL CHECK (state IN ('running', 'paused', 'done')),
  error      TEXT,         -- JSON, why it paused by itself
  definition TEXT NOT NULL -- JSON
) STRICT;

CREATE TABLE study_runs (
  study  INTEGER NOT NULL REFERENCES studies (study) ON DELETE CASCADE,
  place  INTEGER NOT NULL,
  arm    TEXT NOT NULL,
  part   TEXT NOT NULL, -- '' where an arm has only one
  seed   INTEGER NOT NULL,
  config TEXT NOT NULL, -- resolved, JSON
  run    INTEGER REFERENCES runs (run) ON DELETE SET NULL,
  PRIMARY KEY (study, place)
) STRICT;
CREATE INDEX study_runs_by_run ON study_runs (run);

ALTER TABLE epochs ADD COLUMN pareto TEXT; -- JSON {weights, residual}
ALTER TABLE epochs ADD COLUMN collapse TEXT; -- JSON [{task, share}], of learning without labels
