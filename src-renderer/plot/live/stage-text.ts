// What a run is at, in words: which stage, and what is done in it. A method without iterations has no "of 0"; what goes
// by values of one coefficient, or looks at a model as it is, does not count epochs.
import { methodCard } from '../../../src-main/contract/methods/lookup.ts'
import type { PaceRecord } from '../../../src-main/contract/run/pulse.ts'
import type { Progress, RunDetail, StageDetail } from '../../../src-main/contract/run/run.ts'
import { count } from '../format.ts'

/** "Iteration 2 of 4", "Start, then 4 iterations"; of a method without iterations what it does. */
export function stageText({ iterationsPlanned }: Pick<RunDetail, 'iterationsPlanned'>, stage?: StageDetail): string {
  if (!stage) return 'Opening'
  if (stage.stage > 0) return `Iteration ${stage.stage} of ${iterationsPlanned}`
  if (iterationsPlanned === 0) return { epoch: 'Learning', value: 'Search', look: 'One look' }[unitOf(stage)]
  return `Start, then ${iterationsPlanned} ${iterationsPlanned === 1 ? 'iteration' : 'iterations'}`
}

interface At {
  stage: StageDetail | undefined
  progress: Pick<Progress, 'what' | 'done' | 'total'> | null
  pace: PaceRecord | null
  stopping: boolean
}

export function doingText({ stage, progress, pace, stopping }: At): string {
  const images = pace?.measuring ? `, ${count(pace.measuring.done)} of ${count(pace.measuring.of)} images` : ''
  if (progress) {
    const part = progress.total > 1 ? `, ${count(progress.done)} of ${count(progress.total)}` : ''
    return `${progress.what}${images || part}`
  }
  if (stopping) return 'Stopping: the best state of this stage is kept and evaluated'
  if (!stage) return 'Opening files'
  if (stage.ended) return `Evaluating${images}`
  const epoch = stage.epochs.at(-1)?.epoch
  if (unitOf(stage) === 'look') return `Measuring the model as it is${images}`
  if (unitOf(stage) === 'value') return `Value ${epoch === undefined ? 1 : epoch + 1} of ${stage.epochsPlanned + 1}`
  if (epoch === undefined) return 'Measuring where the stage begins'
  return `Epoch ${Math.min(epoch + 1, stage.epochsPlanned)} of ${stage.epochsPlanned}${stepText(stage, pace)}`
}

/** Of the present epoch, where it has more than one. */
function stepText({ stage, stepsPerEpoch, epochs }: StageDetail, pace: PaceRecord | null): string {
  if (stepsPerEpoch < 2 || pace?.stage !== stage) return ''
  const done = pace.step - (epochs.at(-1)?.step ?? 0)
  return done > 0 ? `, step ${Math.min(done, stepsPerEpoch)} of ${stepsPerEpoch}` : ''
}

function unitOf({ method, epochsPlanned }: StageDetail): 'epoch' | 'value' | 'look' {
  if (epochsPlanned === 0) return 'look'
  return methodCard(method)?.learns.by === 'grid' ? 'value' : 'epoch'
}
