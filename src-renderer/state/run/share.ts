// How far a run is, for whoever shows it: a share of its stages, the closing
// evaluation as one stage more.
import type { RunDetail } from '../../../src-main/contract/run/run.ts'
import type { LiveRun } from './apply-event.ts'

/** Of each part of a run how much is done: its stages in order, then the closing evaluation. Shares in [0, 1]. */
export function partsDone({ detail, pulse }: Pick<LiveRun, 'detail' | 'pulse'>): number[] {
  const stages = [detail.start, ...detail.iterations].filter((stage) => stage !== null)
  const count = detail.skipped?.first ?? detail.iterationsPlanned + 1
  const parts = Array.from({ length: count }, (_, i) => {
    const stage = stages.find((s) => s.stage === i)
    if (!stage) return 0
    if (stage.ended) return 1
    const last = stage.epochs.at(-1)
    const steps = Math.max(1, stage.epochsPlanned * stage.stepsPerEpoch)
    const ahead = pulse?.pace.stage === i ? pulse.pace.step : 0
    return Math.min(1, Math.max(last?.step ?? 0, ahead) / steps)
  })
  return [...parts, evaluated(detail)]
}

/** Models of the closing evaluation that are measured, of those that will be. */
function evaluated({ config, evaluations, state, iterationsDone }: RunDetail): number {
  if (state === 'done' || state === 'stopped') return 1
  const split = config.tasks.some(({ test }) => test) ? 'test' : 'training'
  const done = evaluations.filter((e) => e.split === split && (split === 'test' || e.stage !== null)).length
  const references = split === 'test' ? 1 + Number(config.tasks.some(({ finetuned }) => finetuned)) : 0
  return Math.min(1, done / (references + (config.testEach ? iterationsDone + 1 : 1)))
}

/** Of the whole, in [0, 1]. */
export function shareDone(live: Pick<LiveRun, 'detail' | 'pulse'>): number {
  const parts = partsDone(live)
  return parts.reduce((sum, part) => sum + part, 0) / parts.length
}
