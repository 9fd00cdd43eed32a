-- What a run knows of its images: a manifest for each split it opened, which test images had been seen before, and how long it
-- waited for pixels. Older runs know nothing of it.

CREATE TABLE run_images (
  run      INTEGER NOT NULL REFERENCES runs (run) ON DELETE CASCADE,
  task     TEXT NOT NULL,
  split    TEXT NOT NULL CHECK (split IN ('training', 'validation', 'test')),
  manifest TEXT NOT NULL, -- JSON
  PRIMARY KEY (run, task, split)
) STRICT;
CREATE INDEX run_images_by_run ON run_images (run); -- in the order in which they came

ALTER TABLE runs ADD COLUMN leaks TEXT;     -- JSON; null: none is known
ALTER TABLE runs ADD COLUMN data_wait TEXT; -- JSON {seconds, of}, of the sitting that finished the run
