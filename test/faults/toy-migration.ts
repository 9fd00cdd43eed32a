// A process that opens a history of an older version and is killed at a chosen moment of its migration. Arguments: the
// data folder, and the moment's number from 1; 0: none, and it says how many there are. A moment is: half of the backup
// made, all of it, each step of the migration done but not committed, all but committed, and committed.
import { writeSync } from 'node:fs'

import Database from 'better-sqlite3'

import { openHistory } from '../../src-main/history/open.ts'

const [home = '', told = ''] = process.argv.slice(2)
let moments = 0
const moment = (): void => {
  if (++moments === Number(told)) process.kill(process.pid, 'SIGKILL')
}

const { backup, exec, pragma } = Database.prototype
Database.prototype.backup = async function (this: Database.Database, file: string) {
  let turns = 0
  const progress = (): number => {
    if (++turns === 3) moment()
    return 8 // pages
  }
  const made = await backup.call(this, file, { progress })
  moment()
  return made
}
const isStep = (sql: string): boolean => /^\s*(--|CREATE TABLE|ALTER TABLE)/.test(sql)
Database.prototype.exec = function (this: Database.Database, sql: string) {
  const of = exec.call(this, sql)
  if (this.inTransaction && this.name.endsWith('history.sqlite') && isStep(sql)) moment()
  return of
}
Database.prototype.pragma = function (this: Database.Database, source: string, options?: Database.PragmaOptions) {
  const found = pragma.call(this, source, options)
  if (this.inTransaction && this.name.endsWith('history.sqlite') && source.startsWith('user_version =')) {
    moment()
    isDone = true
  }
  return found
}

let isDone = false
const { transaction } = Database.prototype
Database.prototype.transaction = function (this: Database.Database, work: (...args: never[]) => unknown) {
  const made = transaction.call(this, work)
  const immediate = (...args: never[]): unknown => {
    const result = made.immediate(...args)
    if (isDone) moment() // committed
    isDone = false
    return result
  }
  const { deferred, exclusive } = made
  return Object.assign((...args: never[]) => made(...args), { default: made.default, deferred, immediate, exclusive })
} as typeof transaction

const history = await openHistory(home)
history.close()
writeSync(1, JSON.stringify(moments))
