-- A checksum in every row (see checksums.ts). Columns that are long, and that lists of rows therefore leave out, have one of their own.
-- What was written before gets its checksums when this migration is applied.

ALTER TABLE checkpoints ADD COLUMN checksum INTEGER;
ALTER TABLE runs ADD COLUMN checksum INTEGER;
ALTER TABLE parents ADD COLUMN checksum INTEGER;
ALTER TABLE stages ADD COLUMN checksum INTEGER;
ALTER TABLE epochs ADD COLUMN checksum INTEGER;
ALTER TABLE epochs ADD COLUMN long_checksum INTEGER;
ALTER TABLE resume ADD COLUMN checksum INTEGER;
ALTER TABLE evaluations ADD COLUMN checksum INTEGER;
ALTER TABLE run_images ADD COLUMN checksum INTEGER;
ALTER TABLE openings ADD COLUMN checksum INTEGER;
ALTER TABLE model_evaluations ADD COLUMN checksum INTEGER;
ALTER TABLE model_evaluations ADD COLUMN long_checksum INTEGER;
ALTER TABLE studies ADD COLUMN checksum INTEGER;
ALTER TABLE study_runs ADD COLUMN checksum INTEGER;
ALTER TABLE library ADD COLUMN checksum INTEGER;
ALTER TABLE library ADD COLUMN long_checksum INTEGER;
ALTER TABLE data_sets ADD COLUMN checksum INTEGER;
