// The log of a run as a file of the data folder, logs/run-N.jsonl: an entry a line, so that it outlives the sitting and
// the program. Its first line says whose it is, by number and beginning: a history that was brought back from a backup
// may give the number to another run, which begins a log of its own. A log is no part of a run's numbers: what cannot
// be written is left out, and what cannot be read is passed by.
import { appendFileSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { RunId } from '../../contract/branded.ts'
import { type LogEntry, logEntrySchema } from '../../contract/run/pulse.ts'
import type { RunDetail } from '../../contract/run/run.ts'
import { makeFolder } from '../../files/made-folder.ts'

export interface Journal {
  /** Of the sittings before, the newest last. */
  kept(): LogEntry[]
  add(entry: LogEntry): void
}

export const mostShown = 500 // entries, the newest
const most = 2 ** 22 // bytes of a file; nothing is added beyond

type Of = Pick<RunDetail, 'run' | 'times'>

export function openJournal(home: string, run: Of): Journal {
  const file = fileOf(home, run.run)
  const first = firstLine(run)
  let size: number | null = null // null: not begun
  return {
    kept: () => entriesOf(file, first),
    add: (entry) => {
      try {
        size ??= begin(home, file, first)
        const line = `${JSON.stringify(entry)}\n`
        if (size < most) appendFileSync(file, line)
        size += line.length
      } catch {
        // the disk takes nothing more, and the run says so by itself
      }
    },
  }
}

/** A log of its own, whose last line is whole: a killed writer leaves half of one. Gives its length. */
function begin(home: string, file: string, first: string): number {
  const text = textOf(file)
  if (text.startsWith(`${first}\n`)) {
    if (!text.endsWith('\n')) appendFileSync(file, '\n')
    return text.length
  }
  makeFolder(join(home, folder), 0o700)
  writeFileSync(file, `${first}\n`)
  return first.length
}

/** Empty where there is none. */
export function journalOf(home: string, run: Of): LogEntry[] {
  return openJournal(home, run).kept()
}

/** Of runs that are gone for good. */
export function forgetJournals(home: string, runs: readonly RunId[]): void {
  for (const run of runs) rmSync(fileOf(home, run), { force: true })
}

const folder = 'logs'
const fileOf = (home: string, run: number): string => join(home, folder, `run-${run}.jsonl`)
const firstLine = ({ run, times }: Of): string => JSON.stringify({ basil: 'run log', run, created: times.created })

function entriesOf(file: string, first: string): LogEntry[] {
  const [own, ...lines] = textOf(file).split('\n')
  if (own !== first) return []
  return lines.slice(-mostShown - 1).flatMap((line) => entryOf(line) ?? [])
}

/** '' where there is none, or it is longer than any of ours. */
function textOf(file: string): string {
  try {
    return statSync(file).size > 2 * most ? '' : readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function entryOf(line: string): LogEntry | undefined {
  try {
    return logEntrySchema.safeParse(JSON.parse(line)).data
  } catch {
    return undefined // half of one
  }
}
