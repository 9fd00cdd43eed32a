// A run's stages as lines and bars: figure 2a (accuracy step by step, a colour an iteration), figure 2b (growth per
// iteration) and the loss. Steps count on over the stages; a stage's epoch 0 is the state before its first step.
import { methodCard } from '../../src-main/contract/methods/lookup.ts'
import type { StageDetail } from '../../src-main/contract/run/run.ts'
import type { Point } from './decimate.ts'
import { chosenEpoch, type Measure, meanOf, stageName } from './scores.ts'

export interface StageLine {
  stage: number
  name: string
  points: Point[]
}

/** Mean accuracy on the selection split after each epoch; x is the step since the run began. */
export function accuracyLines(stages: readonly StageDetail[], measure: Measure): StageLine[] {
  const starts = firstSteps(stages)
  return stages.map((s, i) => ({
    stage: s.stage,
    name: stageName(s.stage),
    points: s.epochs.map((e) => ({ x: (starts[i] ?? 0) + e.step, y: meanOf(e.tasks, measure) ?? Number.NaN })),
  }))
}

/** Loss of every step: that before it, or of a point that was tried that of the point itself. */
export function lossLines(stages: readonly StageDetail[]): StageLine[] {
  const starts = firstSteps(stages)
  return stages.map((s, i) => {
    const first = (starts[i] ?? 0) + (methodCard(s.method)?.learns.by === 'grid' ? 1 : 0)
    return {
      stage: s.stage,
      name: stageName(s.stage),
      points: s.epochs.flatMap((e) => e.losses.map((y, k) => ({ x: first + e.step - e.losses.length + k, y }))),
    }
  })
}

/** Mean loss of every epoch that took a step, in order; steps whose loss is no number are not counted. */
export function epochLosses(stages: readonly StageDetail[]): number[] {
  return stages.flatMap((s) =>
    s.epochs.flatMap(({ losses }) => {
      const finite = losses.filter(Number.isFinite)
      return finite.length > 0 ? [finite.reduce((a, b) => a + b, 0) / finite.length] : []
    }),
  )
}

/** Step, counted over all stages, at which each stage begins. */
function firstSteps(stages: readonly StageDetail[]): number[] {
  let sum = 0
  return stages.map((s) => {
    const first = sum
    sum += s.epochs.at(-1)?.step ?? 0
    return first
  })
}

export interface Growth {
  stage: number
  name: string
  value: number
  gain: number | null // over the stage before; null for the first
  accepted: boolean
}

/** Mean accuracy of each stage's chosen state (the best so far while it runs); stages without an epoch are left out. */
export function growth(stages: readonly StageDetail[], measure: Measure): Growth[] {
  const found: Growth[] = []
  for (const s of stages) {
    const value = chosenValue(s, measure)
    if (value === null) continue
    const before = found.at(-1)
    found.push({
      stage: s.stage,
      name: stageName(s.stage),
      value,
      gain: before ? value - before.value : null,
      accepted: s.accepted || !s.ended || s.stage === 0,
    })
  }
  return found
}

function chosenValue(stage: StageDetail, measure: Measure): number | null {
  const epoch = chosenEpoch(stage)
  return epoch ? meanOf(epoch.tasks, measure) : null
}
