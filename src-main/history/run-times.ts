// How long a run that waits will take, as far as the history tells: what was left of it when it was last at work, else
// what the newest run of the same settings, whatever its seed and name, has taken.
import type { RunId } from '../contract/branded.ts'
import { type History, row } from './statement.ts'

const settings = (row: string): string =>
  `CASE WHEN json_valid(${row}.config) THEN json_remove(${row}.config, '$.name', '$.seed') END`
const newest = 200 // runs that are looked at

/** null: not known. */
export function expectedSeconds(history: History, run: RunId): number | null {
  const left = `SELECT remaining_seconds AS seconds FROM epochs WHERE run = :run ORDER BY stage DESC, epoch DESC LIMIT 1`
  const same = `SELECT other.seconds FROM (SELECT * FROM runs ORDER BY run DESC LIMIT ${newest}) AS other, runs AS own
     WHERE own.run = :run AND other.run <> own.run AND other.state = 'done' AND other.method = own.method
     AND ${settings('other')} = ${settings('own')}
     ORDER BY other.run DESC LIMIT 1`
  const found =
    row<{ seconds: number | null }>(history, left, { run }) ?? row<{ seconds: number }>(history, same, { run })
  return found?.seconds ?? null
}
