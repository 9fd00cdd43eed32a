// How long a run that waits will take, and how much it will keep, as far as the history tells: what was left of it when
// it was last at work, else what the newest run of the same settings, whatever its seed and name, has taken.
import type { RunId } from '../contract/branded.ts'
import type { ResolvedConfig } from '../contract/run/config.ts'
import { sound } from './checksums.ts'
import { type History, row, rows, soundOnly } from './statement.ts'

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

const mostLooked = 2000 // done runs, the newest

/** How many of these were done before, whatever their name was. */
export function doneBefore(history: History, wanted: readonly ResolvedConfig[]): number {
  const text = `SELECT json_remove(config, '$.name', '$.tower') AS config FROM runs
     WHERE state = 'done' AND method IN (SELECT value FROM json_each(:methods)) AND ${sound(history, 'runs')}
     ORDER BY run DESC LIMIT ${mostLooked}`
  const methods = JSON.stringify([...new Set(wanted.map(({ method }) => method))])
  const found = soundOnly(history, () => rows<{ config: string }>(history, text, { methods }))
  const done = new Set(found.map(({ config }) => inOrder(JSON.parse(config))))
  // a tower is what was found beside the models when the run began
  return wanted.filter(({ name: _, tower: _tower, ...config }) => done.has(inOrder(config))).length
}

/** The same text for the same settings, in whatever order they were written. */
function inOrder(config: object): string {
  return JSON.stringify(Object.entries(config).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

const mostMeasured = 20 // done runs, the newest

/** Bytes that a run of one of these methods takes in the history, a mean; null: there was none. */
export function bytesOfRun(history: History, methods: readonly string[]): number | null {
  const text = `WITH some AS (SELECT run, length(config) + coalesce(length(blocks), 0) AS own FROM runs
     WHERE state = 'done' AND method IN (SELECT value FROM json_each(:methods)) ORDER BY run DESC LIMIT ${mostMeasured})
     SELECT avg(own + coalesce((SELECT total(length(coefficients) + length(losses) + length(tasks)) FROM epochs
     WHERE epochs.run = some.run), 0)) AS bytes FROM some`
  return row<{ bytes: number | null }>(history, text, { methods: JSON.stringify(methods) })?.bytes ?? null
}
