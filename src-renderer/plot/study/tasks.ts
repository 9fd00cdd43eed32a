// What MGDA and negation tell of each epoch, as lines over steps. MGDA: how the tasks' gradients were weighed, and the
// norm of what came out, 0 where no step helps all tasks. Negation: the accuracy of what is forgotten and of what is
// kept, and for each control its bound,
//   keep x accuracy of the pre-trained model,  below which a state has lost its control.
import type { RunDetail, StageDetail } from '../../../src-main/contract/run/run.ts'
import type { StageLine } from '../curves.ts'
import { percent } from '../format.ts'
import { selectionSplit, stageName, stagesOf } from '../scores.ts'

type Tasked = Pick<RunDetail, 'config' | 'start' | 'iterations' | 'evaluations'>
type Epoch = StageDetail['epochs'][number]

/** Every epoch with its step since the run began. */
function stepped(run: Pick<RunDetail, 'start' | 'iterations'>): { stage: StageDetail; epoch: Epoch; step: number }[] {
  let first = 0
  return stagesOf(run).flatMap((stage) => {
    const from = first
    first += stage.epochs.at(-1)?.step ?? 0
    return stage.epochs.map((epoch) => ({ stage, epoch, step: from + epoch.step }))
  })
}

/** A line a task, and one residual a stage; null where tasks are not combined by MGDA. */
export function paretoLines(run: Tasked): { weights: StageLine[]; residuals: StageLine[] } | null {
  const epochs = stepped(run).flatMap(({ stage, epoch, step }) =>
    epoch.pareto ? [{ stage, step, ...epoch.pareto }] : [],
  )
  if (epochs.length === 0) return null
  const weights = run.config.tasks.map(({ name }, t) => ({
    stage: t + 1,
    name,
    points: epochs.map(({ step, weights: all }) => ({ x: step, y: all[t] ?? Number.NaN })),
  }))
  const residuals = [...Map.groupBy(epochs, ({ stage }) => stage.stage)].map(([stage, all]) => ({
    stage,
    name: stageName(stage),
    points: all.map(({ step, residual }) => ({ x: step, y: residual })),
  }))
  return { weights, residuals }
}

export function paretoSentence({ weights, residuals }: { weights: StageLine[]; residuals: StageLine[] }): {
  weights: string
  residual: string
} {
  const last = weights.map(({ name, points }) => ({ name, y: points.at(-1)?.y ?? 0 })).sort((a, b) => b.y - a.y)
  const all = residuals.flatMap(({ points }) => points)
  const [first, end] = [all[0]?.y ?? Number.NaN, all.at(-1)?.y ?? Number.NaN]
  return {
    weights: `In the last step ${last[0]?.name} weighs most, ${percent(last[0]?.y)}, and ${last.at(-1)?.name} least, ${percent(last.at(-1)?.y)}.`,
    residual: `The norm of the combined gradient went from ${first.toPrecision(3)} to ${end.toPrecision(3)}; at 0 no step helps every task.`,
  }
}

export interface Keeping {
  lines: StageLine[] // a line a task with an aim, "to forget" or "to keep" in its name
  limits: StageLine[] // one a control
  lost: StageLine // accuracies of controls where they were lost
  stages: { name: string; lostAt: number | null; chosen: number }[] // steps of the stage
}

/** null where no task is to be forgotten. */
export function keeping(run: Tasked): Keeping | null {
  const { tasks, keep } = run.config
  if (!tasks.some(({ aim }) => aim === 'forget')) return null
  const zeroShot = run.evaluations.find((e) => e.model === 'pretrained' && e.split === selectionSplit(run))?.tasks ?? []
  const bounds = new Map(
    tasks.flatMap(({ name, aim }) => {
      const accuracy = zeroShot.find(({ task }) => task === name)?.accuracy
      return aim === 'keep' && accuracy !== undefined ? [[name, keep * accuracy] as const] : []
    }),
  )
  const epochs = stepped(run)
  const accuracyOf = (epoch: Epoch, name: string) =>
    epoch.tasks.find(({ task }) => task === name)?.accuracy ?? Number.NaN
  const isLost = (epoch: Epoch) => [...bounds].some(([name, bound]) => accuracyOf(epoch, name) < bound)
  const lines = tasks.map(({ name, aim }, t) => ({
    stage: t + 1,
    name: `${name}, to ${aim}`,
    points: epochs.map(({ epoch, step }) => ({ x: step, y: accuracyOf(epoch, name) })),
  }))
  const ends = [epochs[0]?.step ?? 0, epochs.at(-1)?.step ?? 0]
  const limits = [...bounds].map(([name, y]) => ({
    stage: tasks.findIndex((task) => task.name === name) + 1,
    name: `${percent(keep, 0)} of ${name}’s zero-shot accuracy`,
    points: ends.map((x) => ({ x, y })),
  }))
  const lost = epochs.flatMap(({ epoch, step }) =>
    [...bounds]
      .filter(([name, bound]) => accuracyOf(epoch, name) < bound)
      .map(([name]) => ({ x: step, y: accuracyOf(epoch, name) })),
  )
  const stages = stagesOf(run).map((stage) => ({
    name: stageName(stage.stage),
    lostAt: stage.epochs.find(isLost)?.step ?? null,
    chosen: stage.best,
  }))
  return { lines, limits, lost: { stage: 0, name: 'control lost', points: lost }, stages }
}

export function keepingSentence({ stages, limits }: Keeping): string {
  const lost = stages.filter(({ lostAt }) => lostAt !== null)
  if (limits.length === 0) return 'The pre-trained model’s accuracy is not known yet.'
  if (lost.length === 0) return 'Every state so far keeps its controls.'
  return lost
    .map(({ name, lostAt, chosen }) => `${name} lost a control at step ${lostAt} and went back to step ${chosen}.`)
    .join(' ')
}
