// Which runs used a content, by its hash: a run keeps the hashes and names of its parents for ever, whatever becomes of
// the files.
import type { RunId, Sha256 } from '../../contract/branded.ts'
import { sound } from '../checksums.ts'
import { type History, rows, soundOnly } from '../statement.ts'

/** SHA-256 to the number of runs that used it. */
export function runsByContent(history: History): Map<string, number> {
  const text = 'SELECT sha256, count(DISTINCT run) AS runs FROM parents GROUP BY sha256'
  return new Map(rows<{ sha256: Sha256; runs: number }>(history, text).map((r) => [r.sha256, r.runs]))
}

/** Oldest run first. */
export function usesOf(history: History, sha256: Sha256): { run: RunId; name: string; role: string }[] {
  const text = `SELECT DISTINCT run, runs.name AS name, parents.role AS role FROM parents JOIN runs USING (run)
    WHERE sha256 = :sha256 AND ${sound(history, 'parents')} AND ${sound(history, 'runs')} ORDER BY run`
  return soundOnly(history, () => rows(history, text, { sha256 }))
}
