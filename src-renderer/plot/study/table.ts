// A study's table in words and figures, on screen, as CSV with all digits, and as Markdown to paste into a report. Arms
// are rows; of a value over seeds the mean is shown with the standard deviation of a sample, of two arms the difference
// on the seeds that both have, with the p of a paired t-test.
import type { ArmRow, Spread, StudyDetail } from '../../../src-main/contract/api/studies.ts'
import { leakReason } from '../../../src-main/contract/data/leaks.ts'
import { percent, points } from '../format.ts'

const dash = '–'

/** "73.2 ± 0.1 %"; without a deviation where there is one seed. */
export function spreadText(spread: Spread | null): string {
  if (spread === null) return dash
  return spread.deviation === null
    ? percent(spread.mean)
    : `${(spread.mean * 100).toFixed(1)} ± ${(spread.deviation * 100).toFixed(1)} %`
}

/** "+0.6 pt, p 0.012, 3 seeds" in parts; null for the first arm and where nothing can be compared. */
export function pairedText(paired: ArmRow['paired']): { difference: string; p: string; seeds: string } | null {
  if (paired === null) return null
  const p = paired.p === null ? dash : paired.p < 0.001 ? '< 0.001' : paired.p.toFixed(3)
  return { difference: points(paired.difference), p, seeds: paired.seeds === 1 ? '1 seed' : `${paired.seeds} seeds` }
}

/** Which columns say something; parts, controls and printed figures are rare. */
export function columnsOf({ table, definition }: Pick<StudyDetail, 'table' | 'definition'>) {
  return {
    parts: table.some((row) => row.parts > 1),
    control: table.some((row) => row.control !== null),
    failed: table.some((row) => row.failed > 0),
    printed: definition.arms.some((arm) => arm.paper !== undefined),
  }
}

type Printed = NonNullable<StudyDetail['definition']['arms'][number]['paper']>

/** What a paper printed for an arm, in %, where the study says so. */
export function printedOf({ definition }: Pick<StudyDetail, 'definition'>, arm: string): Printed | null {
  return definition.arms.find(({ label, paper }) => label === arm && paper)?.paper ?? null
}

type Cell = string | number | null | undefined
const csvColumns = [
  ...[
    'arm',
    'seeds',
    'parts',
    'accuracy',
    'accuracy_sd',
    'relative_accuracy',
    'relative_accuracy_sd',
    'control',
    'control_sd',
  ],
  ...[
    'pretrained',
    'finetuned',
    'difference',
    'p',
    'paired_seeds',
    'failed',
    'leaks',
    'printed_accuracy',
    'printed_relative_accuracy',
    'printed_control',
  ],
]

/** Shares between 0 and 1 with all digits; a row an arm, lines ended as spreadsheets want them. */
export function studyCsv(study: Pick<StudyDetail, 'table' | 'definition'>): string {
  const rows = study.table.map((row): Cell[] => {
    const paper = printedOf(study, row.arm)
    const printed = [paper?.accuracy, paper?.relativeAccuracy, paper?.control].map((figure) => figure && figure / 100)
    const spread = [row.accuracy, row.relativeAccuracy, row.control].flatMap((s) => [s?.mean, s?.deviation])
    const paired = [row.paired?.difference, row.paired?.p, row.paired?.seeds]
    return [
      row.arm,
      row.seeds,
      row.parts,
      ...spread,
      row.pretrained,
      row.finetuned,
      ...paired,
      row.failed,
      leakReason(row.leaks),
      ...printed,
    ]
  })
  return [csvColumns, ...rows].map((row) => `${row.map(quoted).join(',')}\r\n`).join('')
}

const quoted = (cell: Cell): string =>
  /[",\r\n]/.test(String(cell ?? '')) ? `"${String(cell).replaceAll('"', '""')}"` : String(cell ?? '')

/** A heading and a table, as many reports and issue trackers take it. */
export function studyMarkdown(study: Pick<StudyDetail, 'name' | 'table' | 'definition'>): string {
  const shown = columnsOf(study)
  const first = study.table[0]?.arm ?? ''
  const columns = [
    'arm',
    'seeds',
    'accuracy',
    'relative accuracy',
    ...(shown.control ? ['control'] : []),
    ...(shown.printed ? ['printed'] : []),
    `to ${first}`,
    'p',
  ]
  const rows = study.table.map((row) => {
    const paired = pairedText(row.paired)
    return [
      row.leaks.length ? `${row.arm} (${leakReason(row.leaks)})` : row.arm,
      String(row.seeds),
      spreadText(row.accuracy),
      spreadText(row.relativeAccuracy),
      ...(shown.control ? [spreadText(row.control)] : []),
      ...(shown.printed ? [printedText(printedOf(study, row.arm))] : []),
      paired?.difference ?? dash,
      paired?.p ?? dash,
    ]
  })
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [`**${study.name}**`, '', line(columns), line(columns.map(() => '---')), ...rows.map(line)].join('\n')
}

/** "88.1 %, control 63.0 %". */
export function printedText(paper: Printed | null): string {
  if (paper === null) return dash
  const named = [
    [paper.accuracy, ''],
    [paper.relativeAccuracy, 'relative '],
    [paper.control, 'control '],
  ] as const
  return (
    named.flatMap(([figure, name]) => (figure === undefined ? [] : [`${name}${figure.toFixed(1)} %`])).join(', ') ||
    dash
  )
}

/** The table in one sentence: which arm is highest, and what stands against the first. */
export function studySentence(table: readonly ArmRow[]): string {
  const done = table.filter((row) => row.accuracy !== null)
  const most = Math.max(...done.map((row) => row.accuracy?.mean ?? 0))
  const [best, ...equal] = done.filter((row) => row.accuracy?.mean === most)
  if (!best) return 'No arm has a finished seed yet.'
  const rest =
    done.length < table.length ? ` ${table.length - done.length} of ${table.length} arms are not measured yet.` : ''
  if (equal.length > 0)
    return `${[best, ...equal].map((row) => row.arm).join(', ')} are equal, and highest of ${done.length}: ${spreadText(best.accuracy)}.${rest}`
  const against = best !== table[0] && best.paired ? `, ${points(best.paired.difference)} to ${table[0]?.arm}` : ''
  return `${best.arm} is highest of ${done.length}: ${spreadText(best.accuracy)}${against}.${rest}`
}
