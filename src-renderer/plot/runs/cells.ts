// What the list of runs says in its columns, and the same as a file of values.
import type { ListedRun, SortKey } from '../../../src-main/contract/api/runs.ts'
import { count, dash, duration, fileName, instant, percent } from '../format.ts'
import { isUnread } from '../scores.ts'

/** Of a column that is text alone. A run that cannot be read has a number and nothing else. */
export function cellText(run: ListedRun, column: SortKey): string {
  if (isUnread(run) && column !== 'run') return column === 'name' ? 'not readable' : dash
  const text = {
    run: () => String(run.run),
    name: () => run.name,
    method: () => `${run.method}${run.linearised ? ', linearised' : ''}`,
    objective: () => run.objective,
    state: () => run.state,
    accuracy: () => percent(run.accuracy),
    relative: () => percent(run.relativeAccuracy),
    iterations: () => (run.iterationsPlanned > 0 ? `${run.iterationsDone}/${run.iterationsPlanned}` : dash),
    seed: () => String(run.seed),
    created: () => instant(run.created),
    duration: () => duration(run.seconds),
    study: () => (run.study === null ? dash : String(run.study)),
    base: () => fileName(run.base) || dash,
    tags: () => run.tags.join(', ') || dash,
    notes: () => run.notes.split('\n')[0] || dash,
  }
  return text[column]()
}

const fields = ['run', 'name', 'method', 'linearised', 'objective', 'state', 'accuracy', 'relativeAccuracy'] as const
const others = ['iterationsDone', 'iterationsPlanned', 'seed', 'created', 'seconds', 'study', 'base'] as const

/** Comma-separated values (RFC 4180), numbers as they are. */
export function runsCsv(runs: readonly ListedRun[]): string {
  const columns = [...fields, ...others, 'tags', 'notes', 'pinned'] as const
  const cell = (value: unknown) => {
    const text = Array.isArray(value) ? value.join(', ') : String(value ?? '')
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  }
  return [columns.join(','), ...runs.map((run) => columns.map((column) => cell(run[column])).join(','))].join('\r\n')
}

/** "12 runs, best 87.3 %". */
export function groupText({ runs, accuracy, relativeAccuracy }: Best): string {
  const best = accuracy === null ? '' : `, best ${percent(accuracy)}`
  const relative = relativeAccuracy === null ? '' : ` (relative ${percent(relativeAccuracy)})`
  return `${count(runs)} ${runs === 1 ? 'run' : 'runs'}${best}${relative}`
}

interface Best {
  runs: number
  accuracy: number | null
  relativeAccuracy: number | null
}
