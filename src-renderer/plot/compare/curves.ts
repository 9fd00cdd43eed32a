// Runs over one another: a line a run, over steps, epochs or seconds; their tasks with intervals; their coefficients on
// one scale, or as differences from the first.
import type { RunDetail } from '../../../src-main/contract/run/run.ts'
import type { StageLine } from '../curves.ts'
import type { Point } from '../decimate.ts'
import { type HeatRow, modelRows, startRows } from '../heat.ts'
import type { Interval } from '../picture/bars.ts'
import { countedStages, meanOf } from '../scores.ts'
import { type StudyMeasure, studyMeasures } from '../study/curves.ts'
import { wilsonInterval } from '../study/interval.ts'

export const axes = { step: 'step', epoch: 'epoch', time: 'engine seconds' } as const
export type Axis = keyof typeof axes

const runName = ({ run, name }: Pick<RunDetail, 'run' | 'name'>): string => `Run ${run}: ${name}`

/** Places count from 1, which gives a run its colour. */
export function comparedLines(runs: readonly RunDetail[], measure: StudyMeasure, axis: Axis): StageLine[] {
  return runs.flatMap((run, i) => {
    const points = pointsOf(run, measure, axis)
    return points.length > 0 ? [{ stage: i + 1, name: runName(run), points }] : []
  })
}

function pointsOf(run: RunDetail, measure: StudyMeasure, axis: Axis): Point[] {
  const points: Point[] = []
  let [steps, epochs, before] = [0, 0, 0]
  for (const stage of countedStages(run)) {
    for (const epoch of stage.epochs) {
      const end = axis === 'step' ? steps + epoch.step : axis === 'epoch' ? epochs + epoch.epoch : epoch.seconds
      const n = epoch.losses.length
      if (measure !== 'loss') points.push({ x: end, y: meanOf(epoch.tasks, measure) ?? Number.NaN })
      else
        epoch.losses.forEach((y, k) => {
          points.push({ x: axis === 'step' ? Math.max(0, end - n + k) : before + ((end - before) * (k + 1)) / n, y })
        })
      before = end
    }
    steps += stage.epochs.at(-1)?.step ?? 0
    epochs += stage.epochs.at(-1)?.epoch ?? 0
  }
  return points
}

export function comparedSentence(lines: readonly StageLine[], measure: StudyMeasure): string {
  if (lines.length === 0) return 'None of these runs has an epoch.'
  const ends = lines.map(({ name, points }) => ({
    name,
    y: points.findLast(({ y }) => Number.isFinite(y))?.y ?? Number.NaN,
  }))
  const better = (a: number, b: number) => (measure === 'loss' ? a < b : a > b)
  const best = ends.reduce((a, b) => (better(b.y, a.y) || !Number.isFinite(a.y) ? b : a))
  const where = measure === 'loss' ? 'on training data' : 'on the split that states are chosen by'
  const first = measure === 'loss' ? 'lowest' : 'highest'
  const equal = ends.filter(({ y }) => y === best.y).length
  const who =
    equal < 2
      ? `${best.name} ends ${first}`
      : equal === ends.length
        ? 'all end at the same'
        : `${equal} end ${first}, at the same`
  return `${studyMeasures[measure]} ${where}; ${who}.`.replace(/^./, (c) => c.toUpperCase())
}

/** Accuracy of the final evaluation with Wilson's interval, task by task. */
export function comparedTasks(runs: readonly RunDetail[]): { name: string; bars: Interval[] }[] {
  const tasks = [...new Set(runs.flatMap((run) => run.config.tasks.map(({ name }) => name)))]
  return tasks.flatMap((task) => {
    const bars = runs.flatMap((run, i): Interval[] => {
      const value = run.tasks[task]?.accuracy
      if (value === undefined || run.evaluatedOn === null) return []
      const images = run.images.find((one) => one.task === task)?.[run.evaluatedOn] ?? 0
      const [low, high] = wilsonInterval(value, images) ?? [null, null]
      return [{ name: `Run ${run.run}`, place: i + 1, value, low, high }]
    })
    return bars.length > 0 ? [{ name: task, bars }] : []
  })
}

export interface Coefficients {
  blocks: string[]
  rows: HeatRow[]
}

/** Maps that share their blocks are one; from the first: minus the first run's row of that name. */
export function comparedCoefficients(runs: readonly RunDetail[], fromFirst: boolean): Coefficients[] {
  const groups = Map.groupBy(runs, ({ blocks }) => blocks.join('\n'))
  return [...groups.values()].flatMap((group): Coefficients[] => {
    const tables = group.map((run) => ({ run: run.run, rows: rowsOf(run) })).filter(({ rows }) => rows.length > 0)
    const [first, ...others] = tables
    if (!first) return []
    const shown = fromFirst ? others : tables
    const rows = shown.flatMap(({ run, rows: own }) =>
      own.flatMap(({ name, values }): HeatRow[] => {
        const base = first.rows.find((row) => row.name === name)
        if (!fromFirst) return [{ name: `Run ${run}: ${name}`, values }]
        return base
          ? [{ name: `Run ${run}: ${name}`, values: values.map((value, b) => less(value, base.values[b])) }]
          : []
      }),
    )
    return rows.length > 0 ? [{ blocks: group[0]?.blocks ?? [], rows }] : []
  })
}

const less = (a: number | null, b: number | null | undefined): number | null =>
  a === null || b === null || b === undefined ? null : a - b

function rowsOf(run: RunDetail): HeatRow[] {
  const model = modelRows(run)
  return model.length > 0 ? model : startRows(run.start)
}
