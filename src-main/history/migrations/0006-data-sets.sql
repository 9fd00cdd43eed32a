-- Data sets that the person added: one row a folder or file. What a look found stays with the row when the data is gone; what was prepared
-- and the leak report are kept until the data is looked at again and is another.

CREATE TABLE data_sets (
  id       INTEGER PRIMARY KEY AUTOINCREMENT, -- a number is never used twice
  path     TEXT NOT NULL UNIQUE,
  added    TEXT NOT NULL,
  state    TEXT NOT NULL CHECK (state IN ('present', 'missing', 'unreadable')),
  error    TEXT,          -- JSON
  due      INTEGER NOT NULL, -- 1: to be read
  facts    TEXT,          -- what the last look found, JSON; null: none has succeeded
  prepared TEXT NOT NULL, -- a manifest for each split that was prepared, JSON
  leaks    TEXT           -- the newest report, JSON; long, and therefore last
) STRICT;
