// A search in a terminal: a line a model as it is scored, and the table at its end.
import type { Aims } from '../../workbench/scores/aims.ts'
import type { Scores } from '../../workbench/scores/printed.ts'
import type { Found, SearchEvent } from '../../workbench/scores/search.ts'

const short = (value: number): string => String(Number(value.toPrecision(4)))
const told = (values: Readonly<Record<string, number | string>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name} ${typeof value === 'number' ? short(value) : value}`)
    .join(', ')

export function eventLine(event: SearchEvent): string {
  const scores = `${told(event.scores as Scores)}${event.known ? ' (as scored before)' : ''}`
  if (event.type === 'base') return `pre-trained: ${scores}`
  if (event.type === 'single') return `${event.model}: ${scores}`
  const place = `${String(event.number).padStart(String(event.most).length)}/${event.most}`
  return `${place}  ${told(event.label)}: ${scores}${event.isKept ? '' : ' - beyond a bound'}`
}

export function foundLines({ rows, candidates, kept, winner, winsOverBase, log }: Found, { keeps }: Aims): string[] {
  const cell = (value: number | null): string => (value === null ? '' : short(value))
  const share = (value: number | null): string => (value === null ? '' : `${Math.round(100 * value)} %`)
  const head = [
    'score',
    'pre-trained',
    'best single',
    'merged',
    'gain over best single',
    'candidates better than pre-trained',
  ]
  const body = rows.map(({ property, lower, decides, base, single, winner: own, gain, aboveBase }) => [
    `${property}${lower ? ' (lower is better)' : ''}${decides ? ' *' : ''}`,
    ...[base, single, own, gain].map(cell),
    share(aboveBase),
  ])
  const widths = head.map((title, i) => Math.max(...[head, ...body].map((row) => (row[i] ?? title).length)))
  const line = (row: readonly string[]): string =>
    row
      .map((text, i) => (i === 0 ? text.padEnd(widths[i] ?? 0) : text.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd()
  const bounds = keeps.length > 0 ? `; ${kept} within ${keeps.map(({ text }) => text).join(', ')}` : ''
  return [
    '',
    line(head),
    ...body.map(line),
    `${candidates} candidates${bounds}; * decides.${winsOverBase === null ? '' : ` Merged is better than pre-trained in ${winsOverBase} of ${rows.length} scores.`}`,
    ...(winner ? [`Best: ${told(winner.label)}`] : []),
    `${log}: every candidate with its scores`,
  ]
}
