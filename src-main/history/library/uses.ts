// Which runs used a content, by its hash: a run keeps the hashes and names of its parents for ever, whatever becomes of the files.
import { type History, rows } from '../statement.ts'

/** SHA-256 to the number of runs that used it. */
export function runsByContent(history: History): Map<string, number> {
  const text = 'SELECT sha256, count(DISTINCT run) AS runs FROM parents GROUP BY sha256'
  return new Map(rows<{ sha256: string; runs: number }>(history, text).map((r) => [r.sha256, r.runs]))
}

/** Oldest run first. */
export function usesOf(history: History, sha256: string): { run: number; name: string; role: string }[] {
  const text = `SELECT DISTINCT run, runs.name AS name, parents.role AS role FROM parents JOIN runs USING (run)
    WHERE sha256 = :sha256 ORDER BY run`
  return rows(history, text, { sha256 })
}
