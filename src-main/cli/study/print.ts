// A study in words for a terminal: one line a run, and the table. Figures are in %, differences in points; what a paper
// printed stands beside, marked as such, and is counted nowhere.
import type { ArmRow, Spread, StudyDetail, StudyRun, StudySummary } from '../../contract/api/studies.ts'
import { leakMark, leakReason } from '../../contract/data/leaks.ts'
import { sentence } from '../../contract/errors.ts'
import type { Printed } from '../../contract/run/study.ts'
import { type TowerSettings, towerDoubt } from '../../contract/tower.ts'

export function summaryLine({ study, created, state, done, planned, name }: StudySummary): string {
  return `${String(study).padStart(5)}  ${created.slice(0, 16).replace('T', ' ')}  ${state.padEnd(8)}  ${done} of ${planned} runs  ${name}`
}

export function runLine({ run, arm, part, seed, state, accuracy, relativeAccuracy, control, error }: StudyRun): string {
  const figures = [
    accuracy === null ? '' : `${percent(accuracy)} %`,
    relativeAccuracy === null ? '' : `${percent(relativeAccuracy)} % of fine-tuned`,
    control === null ? '' : `control ${percent(control)} %`,
  ].filter(Boolean)
  const told = error ? [sentence(error)] : figures
  return `  ${(run === null ? '' : `run ${run}`).padEnd(9)} ${[arm, part, `seed ${seed}`].filter(Boolean).join(', ')}: ${[state, ...told].join(', ')}`
}

/**
 * What must be known before a run's figures are read: once for all runs of which it is true. told: what was said
 * already.
 */
export function doubtLines(tower: TowerSettings | null | undefined, told: Set<string>): string[] {
  const doubt = tower ? towerDoubt(tower) : null
  if (doubt === null || told.has(doubt)) return []
  told.add(doubt)
  return [`  WARNING: ${doubt}`]
}

interface Column {
  head: string
  cell: (row: ArmRow) => string
  wanted: boolean
}

/** As Markdown. */
export function tableLines({ table, definition }: Pick<StudyDetail, 'table' | 'definition'>): string[] {
  const has = (field: (row: ArmRow) => unknown): boolean => table.some((row) => field(row) !== null)
  const printed = new Map(definition.arms.flatMap(({ label, paper }) => (paper ? [[label, paper] as const] : [])))
  const shared = (field: 'pretrained' | 'finetuned'): boolean => {
    const values = table.map((row) => row[field]).filter((v) => v !== null)
    return Math.max(...values) - Math.min(...values) < 1e-9 // means over more or fewer seeds differ in their last digit
  }
  const columns: Column[] = [
    { head: 'arm', cell: ({ arm, leaks }) => (leaks.length ? `${arm} !` : arm), wanted: true },
    { head: 'seeds', cell: ({ seeds, failed }) => `${seeds}${failed ? `, ${failed} failed` : ''}`, wanted: true },
    {
      head: 'pre-trained',
      cell: ({ pretrained }) => known(pretrained),
      wanted: has((r) => r.pretrained) && !shared('pretrained'),
    },
    {
      head: 'fine-tuned',
      cell: ({ finetuned }) => known(finetuned),
      wanted: has((r) => r.finetuned) && !shared('finetuned'),
    },
    { head: 'mean absolute', cell: ({ accuracy }) => spread(accuracy), wanted: true },
    {
      head: 'mean relative',
      cell: ({ relativeAccuracy }) => spread(relativeAccuracy),
      wanted: has((r) => r.relativeAccuracy),
    },
    { head: 'control', cell: ({ control }) => spread(control), wanted: has((r) => r.control) },
    {
      head: `difference from ${table[0]?.arm ?? 'the first'}`,
      cell: ({ paired }) => (paired ? points(paired.difference) : ''),
      wanted: has((r) => r.paired),
    },
    {
      head: 'p',
      cell: ({ paired }) => (paired?.p === null || !paired ? '' : probability(paired.p)),
      wanted: has((r) => r.paired?.p ?? null),
    },
    { head: 'paper, not ours', cell: ({ arm }) => paper(printed.get(arm)), wanted: printed.size > 0 },
  ]
  const wanted = columns.filter((column) => column.wanted)
  const before = (name: string, field: 'pretrained' | 'finetuned'): string[][] =>
    has((r) => r[field]) && shared(field)
      ? [
          wanted.map(({ head }, i) =>
            i === 0
              ? name
              : head === 'mean absolute'
                ? known(table.find((row) => row[field] !== null)?.[field] ?? null)
                : '',
          ),
        ]
      : []
  const cells = [
    ...before('pre-trained', 'pretrained'),
    ...before('fine-tuned, each its own', 'finetuned'),
    ...table.map((row) => wanted.map(({ cell }) => cell(row))),
  ]
  const widths = wanted.map(({ head }, i) => Math.max(head.length, ...cells.map((row) => row[i]?.length ?? 0)))
  const line = (row: readonly string[]): string =>
    `| ${row.map((text, i) => text.padEnd(widths[i] ?? 0)).join(' | ')} |`
  const marks = table.flatMap(({ arm, leaks }) => (leaks.length ? [`! ${arm}: ${leakMark}: ${leakReason(leaks)}`] : []))
  return [
    line(wanted.map(({ head }) => head)),
    line(widths.map((width) => '-'.repeat(width))),
    ...cells.map(line),
    ...marks,
  ]
}

function paper(printed: Printed | undefined): string {
  if (!printed) return ''
  const { accuracy, relativeAccuracy, control } = printed
  return `${accuracy ?? ''}${relativeAccuracy === undefined ? '' : ` (${relativeAccuracy})`}${control === undefined ? '' : ` / ${control}`}`
}

const percent = (share: number): string => (100 * share).toFixed(1)
const known = (share: number | null): string => (share === null ? '' : percent(share))
const points = (share: number): string => `${share < 0 ? '-' : '+'}${(100 * Math.abs(share)).toFixed(2)}`
const probability = (p: number): string => (p < 0.001 ? '< 0.001' : p.toFixed(3))

function spread(value: Spread | null): string {
  if (!value) return ''
  return value.deviation === null ? percent(value.mean) : `${percent(value.mean)} ± ${percent(value.deviation)}`
}
