// Each chart in one sentence, for those who cannot or need not look at it, and what happened to a run on its machine.
import type { Contents, Salvaged } from '../../src-main/contract/api/history.ts'
import type { TensorStatistics } from '../../src-main/contract/checkpoint.ts'
import { largestOf } from '../../src-main/contract/largest.ts'
import { engineNamed } from '../../src-main/contract/run/engine-info.ts'
import type { RunDetail } from '../../src-main/contract/run/run.ts'
import type { Growth, StageLine } from './curves.ts'
import { coefficient, counted, figure, instant, percent, points } from './format.ts'
import { type HeatRow, strongest } from './heat.ts'
import { type Measure, measureNames, stageName, type TaskBar } from './scores.ts'

export function accuracySentence(lines: readonly StageLine[], measure: Measure, split: string): string {
  const all = lines.flatMap((l) => l.points).filter((p) => Number.isFinite(p.y))
  const first = all[0]
  const last = all.at(-1)
  if (!first || !last) return 'No epoch has been measured yet.'
  const best = largestOf(all.map((p) => p.y))
  return `On the ${split} split, ${measureNames[measure]} went from ${percent(first.y)} to ${percent(last.y)} in ${last.x} steps; the best is ${percent(best)}.`
}

export function growthSentence(bars: readonly Growth[], measure: Measure): string {
  const first = bars[0]
  const last = bars.at(-1)
  if (!first || !last) return 'No stage has a measured state yet.'
  if (bars.length === 1) return `The start reaches ${percent(first.value)} ${measureNames[measure]}.`
  const most = bars.slice(1).reduce((a, b) => ((b.gain ?? 0) > (a.gain ?? 0) ? b : a))
  return `From ${percent(first.value)} at the start to ${percent(last.value)} after ${last.name.toLowerCase()}; ${most.name.toLowerCase()} gains most, ${points(most.gain)}.`
}

/** The best of what was tried. */
export function gridSentence(lines: readonly StageLine[], measure: Measure, split: string): string {
  const all = lines.flatMap((l) => l.points).filter((p) => Number.isFinite(p.y))
  const [first, ...others] = all
  if (!first) return 'No coefficient has been measured yet.'
  const best = others.reduce((a, b) => (b.y > a.y ? b : a), first)
  return `On the ${split} split, ${measureNames[measure]} is best, ${percent(best.y)}, at coefficient ${best.x}; ${counted(all.length, 'coefficient')} measured.`
}

/** epochs: their mean losses, by which it is judged: single steps are noise. */
export function lossSentence(lines: readonly StageLine[], epochs: readonly number[] = []): string {
  const all = lines.flatMap((l) => l.points)
  const finite = all.filter((p) => Number.isFinite(p.y))
  const first = finite[0]
  const last = finite.at(-1)
  if (!first || !last) return 'No step has been taken yet.'
  const broken = all.length - finite.length
  const [from, to, how] =
    epochs.length > 1 ? [epochs[0], epochs.at(-1), ', averaged over epochs,'] : [first.y, last.y, '']
  return `The loss${how} went from ${figure(from)} to ${figure(to)} in ${finite.length} steps${broken ? `; ${broken} steps gave no number` : ''}.`
}

/** What a history holds: "3 runs, the newest of 12 May 2026, 14:03" */
export function heldSentence({ runs, newest }: Contents): string {
  return newest === null ? 'no run' : `${counted(runs, 'run')}, the newest of ${instant(newest)}`
}

export function taskSentence(bars: readonly TaskBar[], measure: Measure): string {
  const known = bars.filter((b) => b.now !== null)
  const sorted = [...known].sort((a, b) => (a.now ?? 0) - (b.now ?? 0))
  const [low, high] = [sorted[0], sorted.at(-1)]
  const of = measure === 'relativeAccuracy' ? ' of its fine-tuned model' : ''
  if (!low || !high) return 'No task has been measured yet.'
  if (low === high) return `${high.task} is at ${percent(high.now)}${of}.`
  return `${high.task} is highest at ${percent(high.now)}${of}, ${low.task} lowest at ${percent(low.now)}.`
}

export function heatSentence(rows: readonly HeatRow[], blocks: readonly string[]): string {
  const top = strongest(rows)
  if (!top) return 'All coefficients are 0.'
  return `The largest of ${rows.length} × ${blocks.length} coefficients is ${coefficient(top.value)}, at ${blocks[top.column] ?? `block ${top.column + 1}`} in ${rows[top.row]?.name}.`
}

/** Memory that ran out, and each change of engines; none for an ordinary run. */
export function conditions({ halvings, engines }: Pick<RunDetail, 'halvings' | 'engines'>): string[] {
  const memory = halvings.map(
    ({ from, to, why }) =>
      `Memory was full with ${from} images at a time; from there on ${to} are held at once. The result differs by rounding alone. (${why})`,
  )
  const changes = engines.slice(1).map(({ engine, after }) => {
    const from = after ? `After epoch ${after.epoch} of ${stageName(after.stage).toLowerCase()}` : 'At its beginning'
    return `${from} this run went on in another engine, ${engineNamed(engine)}. Its last digits differ from those of a run in one engine.`
  })
  return [...memory, ...changes]
}

/** What came of bringing back what a damaged history still held. */
export function salvagedSentence({ taken, unsure, lost, different }: Salvaged): string {
  const runs = taken.filter(({ what }) => what === 'run').map(({ key }) => key)
  const others = taken.length - runs.length
  const back = taken.length
    ? `Brought back: ${[runs.length > 0 && `${counted(runs.length, 'run')} (${runs.join(', ')})`, others > 0 && counted(others, 'other row')].filter(Boolean).join(' and ')}.`
    : 'There was nothing to bring back.'
  const named = (of: Salvaged['lost']) => of.map(({ what, key }) => `${what} ${key}`).join(', ')
  return [
    back,
    ...(unsure.length ? [`Of ${named(unsure)} it is not known any more whether every row is there.`] : []),
    ...(lost.length ? [`Still damaged, as no backup has it: ${named(lost)}.`] : []),
    ...(different.length ? [`Left where it is, because another has its number here: ${named(different)}.`] : []),
  ].join(' ')
}

/** All of a checkpoint's values in one sentence. */
export function valuesSentence(tensors: readonly TensorStatistics[]): string {
  const norm = Math.sqrt(tensors.reduce((sum, t) => sum + t.norm ** 2, 0))
  const largest = tensors.reduce((most, t) => Math.max(most, Math.abs(t.smallest), Math.abs(t.largest)), 0)
  const broken = tensors.reduce((sum, t) => sum + t.nonFinite, 0)
  const end =
    broken === 0 ? 'all values are finite' : `${broken} ${broken === 1 ? 'value is' : 'values are'} not finite`
  return `The norm over ${tensors.length} tensors is ${figure(norm)}, the largest size ${figure(largest)}; ${end}.`
}

export const lowestPower = -40 // of the first bin of a tensor's histogram

/** A tensor's histogram: where most of its values are. */
export function sizesSentence({ histogram, zeros }: Pick<TensorStatistics, 'histogram' | 'zeros'>): string {
  const total = histogram.reduce((a, b) => a + b, 0)
  const none = zeros > 0 ? `, ${counted(zeros, 'zero')}` : ''
  if (total === 0) return `no value but 0${none}`
  const at = (share: number) => {
    let seen = 0
    const bin = histogram.findIndex((n) => {
      seen += n
      return seen >= share * total
    })
    return lowestPower + bin
  }
  return `half of the sizes between 2^${at(0.25)} and 2^${at(0.75) + 1}${none}`
}
