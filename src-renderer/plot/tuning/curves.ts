// A fine-tuning's charts: which lines, over what, said how.
import type { TuningDetail, TuningStep } from '../../../src-main/contract/tuning/tuning.ts'
import type { StageLine } from '../curves.ts'
import { figure, percent } from '../format.ts'
import type { AxisText } from '../picture/axis.ts'
import { tick } from '../run-charts.ts'

export interface TuningChart {
  title: string
  note: string
  sentence: string
  columns: string[]
  rows: () => (string | number)[][]
  lines: StageLine[]
  limits: StageLine[]
  y: string
  yText: AxisText
  smoothing: number
  dots: boolean
}

type Curves = Pick<TuningDetail, 'curve' | 'looks' | 'finished' | 'config' | 'plan'>

/** Of every step, in the order they are looked at; a kind without a penalty has no chart of one. */
export function stepCharts({ curve }: Curves): TuningChart[] {
  const all = [
    ofSteps('Loss', 'loss', curve, 'loss', 'training', 0.9),
    ofSteps('Learning rate', 'learning rate', curve, 'rate', '', 0),
    ofSteps('Norm of the gradient', 'norm', curve, 'norm', 'before it is clipped', 0.9),
    ofSteps('Penalty', 'penalty', curve, 'penalty', 'as it counts', 0.9),
  ]
  return all.filter(({ title, lines }) => title !== 'Penalty' || lines.some(({ points }) => points.length > 0))
}

function ofSteps(
  title: string,
  y: string,
  curve: readonly TuningStep[],
  field: 'loss' | 'rate' | 'norm' | 'penalty',
  note: string,
  smoothing: number,
): TuningChart {
  const points = curve.flatMap((step) => {
    const value = step[field]
    return value === undefined ? [] : [{ x: step.step + 1, y: value }]
  })
  return {
    ...{ title, note, y, smoothing, limits: [], dots: false, yText: tick },
    sentence: movedSentence(title, points),
    columns: ['Step', title],
    rows: () => points.map((p) => [p.x, figure(p.y)]),
    lines: [{ stage: 1, name: title, points }],
  }
}

function movedSentence(title: string, points: readonly { x: number; y: number }[]): string {
  const [first, last] = [points[0], points.at(-1)]
  if (!first || !last) return 'No step has been taken yet.'
  if (first === last) return `${title}: ${figure(last.y)} at step ${last.x}.`
  return `${title}: ${figure(first.y)} at step ${first.x}, ${figure(last.y)} at step ${last.x}.`
}

/** Accuracy of the states that were looked at, beside that of the pre-trained model as a line; null: none was. */
export function accuracyOf({ looks, finished, config, plan }: Curves): TuningChart | null {
  const split = config.task.validation ? 'validation' : (finished?.split ?? 'validation')
  const points = looks.flatMap(({ steps, accuracy }) => (accuracy === null ? [] : [{ x: steps, y: accuracy }]))
  const before = pretrainedOf({ looks, finished, config })
  if (points.length === 0) return null
  const end = Math.max(plan?.steps ?? 0, points.at(-1)?.x ?? 0)
  const best = Math.max(...points.map(({ y }) => y))
  const beside = before === null ? '' : ` The pre-trained model has ${percent(before)}.`
  return {
    ...{ title: 'Accuracy', note: split, y: `accuracy, ${split}`, smoothing: 0, dots: true },
    yText: (value, digits = 0) => percent(value, digits),
    sentence: `${percent(points.at(-1)?.y)} after step ${points.at(-1)?.x}, ${percent(best)} at best.${beside}`,
    columns: ['Step', `Accuracy, ${split}`, 'Pre-trained'],
    rows: () => points.map((p) => [p.x, percent(p.y, 2), percent(before, 2)]),
    lines: [{ stage: 1, name: 'Fine-tuned', points }],
    limits:
      before === null
        ? []
        : [
            {
              stage: 0,
              name: 'Pre-trained',
              points: [
                { x: 0, y: before },
                { x: end, y: before },
              ],
            },
          ],
  }
}

/** On the split that states are looked at on; null: not known. */
function pretrainedOf({ looks, finished, config }: Pick<Curves, 'looks' | 'finished' | 'config'>): number | null {
  const first = looks[0]
  if (first?.steps === 0) return first.accuracy
  return finished && (finished.split === 'validation') === (config.task.validation !== undefined)
    ? finished.pretrained
    : null
}
