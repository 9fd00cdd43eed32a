// How sure an accuracy is: Wilson's interval for a share seen k times in n,
//   ( p^ + z^2 / 2n  -+  z sqrt( p^ (1 - p^) / n + z^2 / 4n^2 ) ) / ( 1 + z^2 / n ),  p^ = k / n
// (E. B. Wilson, 1927); and what refining a model did to its tasks: accuracy of the start and of the last state, each
// with its interval.
import { reads } from '../../../src-main/contract/methods/lookup.ts'
import type { RunDetail } from '../../../src-main/contract/run/run.ts'

const z95 = 1.959963984540054 // the normal distribution's 0.975 quantile

/** [low, high] at 95 %, within [0, 1]; null where nothing was counted. */
export function wilsonInterval(share: number, n: number): [number, number] | null {
  if (!(n > 0)) return null
  const centre = share + z95 ** 2 / (2 * n)
  const half = z95 * Math.sqrt((share * (1 - share)) / n + z95 ** 2 / (4 * n * n))
  const scale = 1 + z95 ** 2 / n
  return [Math.max(0, (centre - half) / scale), Math.min(1, (centre + half) / scale)]
}

export interface Refined {
  task: string
  images: number | null
  before: number
  after: number
  beforeInterval: [number, number] | null
  afterInterval: [number, number] | null
}

/** Of a run that started at a checkpoint and was evaluated before and after; empty for others. */
export function refined(run: Pick<RunDetail, 'config' | 'evaluations' | 'evaluatedOn' | 'images'>): Refined[] {
  const split = run.evaluatedOn
  if (!reads(run.config.start.method, 'checkpoint') || split === null) return []
  const measured = run.evaluations.filter((e) => e.split === split)
  const before = measured.find((e) => e.model === 'start') ?? measured.find((e) => e.model === 'finetuned')
  const after = measured.filter((e) => e.model === 'iteration').sort((a, b) => (b.stage ?? 0) - (a.stage ?? 0))[0]
  return (after?.tasks ?? []).flatMap((score) => {
    const start = before?.tasks.find(({ task }) => task === score.task)?.accuracy
    if (start === undefined) return []
    const images = run.images.find(({ task }) => task === score.task)?.[split] ?? null
    const interval = (share: number) => wilsonInterval(share, images ?? 0)
    return [
      {
        task: score.task,
        images,
        before: start,
        after: score.accuracy,
        beforeInterval: interval(start),
        afterInterval: interval(score.accuracy),
      },
    ]
  })
}

/** What came of it, and whether the intervals still overlap. */
export function refinedSentence(rows: readonly Refined[]): string {
  const told = rows.map(({ task, before, after, beforeInterval, afterInterval }) => {
    const [low, high] = after >= before ? [afterInterval, beforeInterval] : [beforeInterval, afterInterval]
    const apart = low && high ? low[0] > high[1] : null
    const gain = (after - before) * 100
    const word =
      gain > 0 ? `gained ${gain.toFixed(1)} points` : gain < 0 ? `lost ${(-gain).toFixed(1)} points` : 'did not change'
    const sure =
      apart === null || gain === 0
        ? ''
        : apart
          ? '; the intervals do not overlap'
          : '; the intervals overlap, so this may be chance'
    return `${task} ${word}${sure}.`
  })
  return told.join(' ')
}

/** Beside the export: what to do with what came of it; null of a run that refined nothing. */
export function refinedVerdict(rows: readonly Refined[], split: string): { better: boolean; text: string } | null {
  if (rows.length === 0) return null
  const gain = rows.reduce((sum, { before, after }) => sum + after - before, 0) / rows.length
  const better = gain > 0
  return {
    better,
    text: better
      ? `Better on ${split} data, by ${(100 * gain).toFixed(1)} points.`
      : `Not better on ${split} data: keep the original.`,
  }
}
