// The study's tables as Markdown, of what there is by now. Accuracies are means over tasks in %, with the standard
// deviation over seeds; differences are in points, paired by seed, with their 95 % interval by Student's t.
import { type BySeed, difference, markdownTable, meanOver, percent, spread } from '../../src-main/cli/study/by-seed.ts'
import { inWords } from './clock.ts'
import { type KindResults, type Ways, ways } from './results.ts'

/** How far each kind is, and what it took. */
export function workTable(kinds: readonly KindResults[]): string[] {
  const minute = (iso: string | null): string => iso?.slice(0, 16).replace('T', ' ') ?? ''
  return table(
    ['fine-tuning', 'seeds', 'steps done', 'fine-tunings', 'runs', "by the engine's clock", 'from', 'to', 'engine'],
    kinds.map(({ kind, seeds, steps, work, engines }) => [
      ...[kind, String(seeds), `${steps.done} of ${steps.all}`, String(work.tunings), String(work.runs)],
      ...[inWords(work.seconds), minute(work.first), minute(work.last), engines.join(', ')],
    ]),
  )
}

export function kindsTable(kinds: readonly KindResults[]): string[] {
  const known = (share: number | null): string => (share === null ? '' : percent(share))
  return table(
    ['fine-tuning', 'pre-trained', 'fine-tuned, each its own', 'task arithmetic', 'of the fine-tuned'],
    kinds.map(({ kind, pretrained, finetuned, starts }) => {
      const added = starts.get('task arithmetic')?.alone.get(0) ?? null
      const share = added !== null && finetuned ? percent(added / finetuned) : ''
      return [kind, known(pretrained), known(finetuned), known(added), share]
    }),
  )
}

export function startsTable({ starts }: KindResults): string[] {
  const rows = [...starts].filter(([, of]) => of.alone.size > 0)
  const against = ways.filter((way) => way !== 'DV-BASI')
  return table(
    ['start', 'seeds', ...ways, ...against.map((way) => `DV-BASI − ${way}`)],
    rows.map(([start, of]) => [
      start,
      String(Math.min(...ways.map((way) => of[way].size).filter((size) => size > 0))),
      ...ways.map((way) => spread(of[way])),
      ...against.map((way) => difference(of['DV-BASI'], of[way])),
    ]),
  )
}

/** Mean over the starts that have all four, of every kind; each seed's mean over starts is one value. */
export function overStarts(kinds: readonly KindResults[]): string[] {
  const rows = kinds.map(({ kind, starts }) => {
    const whole = [...starts.values()].filter((of) => ways.every((way) => of[way].size > 0))
    const of = (way: (typeof ways)[number]): BySeed => meanOver(whole.map((one) => one[way]))
    return { kind, count: whole.length, of }
  })
  return table(
    ['fine-tuning', 'starts', ...ways, 'DV-BASI − restart only', 'DV-BASI − longer run'],
    rows
      .filter(({ count }) => count > 0)
      .map(({ kind, count, of }) => [
        ...[kind, String(count), ...ways.map((way) => spread(of(way)))],
        ...[difference(of('DV-BASI'), of('restart only')), difference(of('DV-BASI'), of('longer run'))],
      ]),
  )
}

export function negationTable(kinds: readonly KindResults[]): string[] {
  const rows = kinds.flatMap(({ kind, negation }) =>
    negation.map(({ target, before, after, controlBefore, control }) => [
      ...[kind, target, percent(before), percent(after), percent(controlBefore), percent(control)],
    ]),
  )
  return table(['fine-tuning', 'forgotten', 'before', 'after', 'control before', 'control after'], rows)
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return rows.length === 0 ? ['Not measured yet.'] : markdownTable(head, rows)
}

export const hasAny = ({ finetuned, starts }: KindResults): boolean =>
  finetuned !== null || [...starts.values()].some((of: Ways) => ways.some((way) => of[way].size > 0))
