// What was seen of a mix, as bars and words: accuracy of each task with Wilson's interval, and how it stands to the
// task's fine-tuned model and to the coefficients one began with. Means are over tasks, those to forget left out.
import type { MixScores, MixTask } from '../../../src-main/contract/api/mix.ts'
import { type Means, meansOf } from '../../../src-main/contract/run/means.ts'
import { percent, points } from '../format.ts'
import { wilsonInterval } from '../study/interval.ts'

export interface MixBar {
  task: string
  seen: number // images
  images: number // in all
  accuracy: number | null
  interval: [number, number] | null
  relative: number | null // to the fine-tuned model
  own: number | null
  pretrained: number | null
  reference: number | null
  change: number | null // to the own coefficients
}

type Tasks = readonly MixTask[]

/** own: what the own coefficients came to on all images, where the run does not tell. */
export function mixBars(tasks: Tasks, scores: MixScores | null, own: MixScores | null): MixBar[] {
  return tasks.map((task, t) => {
    const accuracy = shareOf(scores, t)
    const before = task.own ?? shareOf(own, t)
    const seen = scores?.tasks[t]?.images ?? 0
    return {
      ...{ task: task.name, seen, images: task.images, accuracy, own: before },
      ...{ pretrained: task.pretrained, reference: task.reference },
      interval: accuracy === null ? null : wilsonInterval(accuracy, seen),
      relative: accuracy === null || !task.reference ? null : accuracy / task.reference,
      change: accuracy === null || before === null ? null : accuracy - before,
    }
  })
}

export interface MixMeans extends Means {
  change: number | null
  half: number | null // of the interval of the mean: tasks are independent samples
}

export function mixMeans(tasks: Tasks, bars: readonly MixBar[]): MixMeans {
  const means = meansOf(
    bars.map(({ task, accuracy, relative }) => ({
      task,
      accuracy: accuracy ?? Number.NaN,
      relativeAccuracy: relative,
    })),
    [...tasks],
  )
  const counted = bars.filter((_, t) => tasks[t]?.aim !== 'forget')
  const before = counted.map(({ own }) => own ?? Number.NaN)
  const change = (means.accuracy ?? Number.NaN) - before.reduce((a, b) => a + b, 0) / before.length
  const squares = counted.map(({ interval }) => (interval ? ((interval[1] - interval[0]) / 2) ** 2 : Number.NaN))
  const half = Math.sqrt(squares.reduce((a, b) => a + b, 0)) / counted.length
  return { ...means, accuracy: known(means.accuracy), change: known(change), half: known(half) }
}

const known = (value: number | null): number | null => (value === null || Number.isNaN(value) ? null : value)

const shareOf = (scores: MixScores | null, t: number): number | null => {
  const seen = scores?.tasks[t]
  return seen && seen.images > 0 ? seen.correct / seen.images : null
}

/** "Mean accuracy 73.2 %, 1.8 points either way; +0.4 pt to the run's own; 320 of 958 images." */
export function mixSentence(means: MixMeans, bars: readonly MixBar[], whose: string): string {
  if (means.accuracy === null) return ''
  const seen = bars.reduce((sum, bar) => sum + bar.seen, 0)
  const all = bars.reduce((sum, bar) => sum + bar.images, 0)
  const sure = means.half === null ? '' : `, ${(100 * means.half).toFixed(1)} points either way`
  const change = means.change === null ? '' : `; ${points(means.change)} to ${whose}`
  return `Mean accuracy ${percent(means.accuracy)}${sure}${change}; ${seen === all ? `all ${all}` : `${seen} of ${all}`} images.`
}

/** What the frame of the bars says. */
export function mixChart(bars: readonly MixBar[], whose: string) {
  const known = bars.filter(({ accuracy }) => accuracy !== null)
  const sorted = known.toSorted((a, b) => (b.accuracy ?? 0) - (a.accuracy ?? 0))
  const [best, worst] = [sorted[0], sorted.at(-1)]
  const told = (bar: MixBar) => `${bar.task} ${percent(bar.accuracy)}`
  const sentence =
    !best || !worst
      ? 'No image was seen yet.'
      : best === worst
        ? `${told(best)}.`
        : best.accuracy === worst.accuracy
          ? `Every task ${percent(best.accuracy)}.`
          : `Highest ${told(best)}, lowest ${told(worst)}.`
  const digits = 2
  return {
    ...{ title: 'Accuracy by task', sentence },
    columns: [
      ...['Task', 'Accuracy', 'Interval from', 'to', 'Images seen', 'of'],
      ...['Relative', `Of ${whose}`, 'Pre-trained', 'Fine-tuned'],
    ],
    rows: () =>
      bars.map((bar) => [
        ...[bar.task, percent(bar.accuracy, digits), percent(bar.interval?.[0], digits)],
        ...[percent(bar.interval?.[1], digits), bar.seen, bar.images, percent(bar.relative, digits)],
        ...[percent(bar.own, digits), percent(bar.pretrained, digits), percent(bar.reference, digits)],
      ]),
  }
}

/** For the card of the model that is written; '' where not all images were seen. */
export function measuredWords(means: MixMeans, bars: readonly MixBar[]): string {
  if (bars.some(({ seen, images }) => seen < images)) return ''
  const each = bars.map(({ task, accuracy, interval }) => {
    const sure = interval ? ` (${percent(interval[0])} to ${percent(interval[1])})` : ''
    return `${task} ${percent(accuracy)}${sure}`
  })
  return `${each.join(', ')}; mean ${percent(means.accuracy)}.`
}
