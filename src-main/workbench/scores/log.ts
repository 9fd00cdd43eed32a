// The record of a search, beside what it writes: JSON a line, of every model that was scored its weights and scores. A
// search that is begun again finds what it has scored by the hash of the recipe (variation.ts).
import { z } from 'zod'

import { type LineLog, openLineLog } from '../../files/line-log.ts'
import type { Scores } from './printed.ts'

const first = JSON.stringify({ basil: 'scores', form: 1 })

const scored = z.object({ type: z.literal('score'), hash: z.string(), scores: z.record(z.string(), z.number()) })

export interface ScoreLog {
  known: ReadonlyMap<string, Scores> // by hash
  score(entry: { hash: string; what: object; recipe: object; scores: Scores; seconds: number }): Promise<void>
  /** Of the beginning of a search, and of its end. */
  note(entry: object): Promise<void>
  close(): Promise<void>
}

export const logName = (out: string): string => `${out.replace(/[\\/]+$/, '')}.scores.jsonl`

export async function openScoreLog(path: string): Promise<ScoreLog> {
  const log: LineLog = await openLineLog(path, first)
  const known = new Map<string, Scores>()
  for (const line of log.lines) {
    const found = scored.safeParse(parsed(line)).data
    if (found) known.set(found.hash, found.scores)
  }
  return {
    known,
    score: async (entry) => {
      await log.append(JSON.stringify({ type: 'score', ...entry }))
      known.set(entry.hash, entry.scores)
    },
    note: (entry) => log.append(JSON.stringify(entry)),
    close: log.close,
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return null // a person's own line
  }
}
