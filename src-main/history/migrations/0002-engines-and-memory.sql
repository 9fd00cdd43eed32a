-- Which engines computed a run, each from where it took over, and how far its micro-batch fell when memory ran out. A resumed
-- run begins with the micro-batch it had at its last kept epoch; NULL in rows of version 1: as configured.

ALTER TABLE runs ADD COLUMN engines TEXT;  -- JSON
ALTER TABLE runs ADD COLUMN halvings TEXT; -- JSON
ALTER TABLE resume ADD COLUMN micro_batch INTEGER;
