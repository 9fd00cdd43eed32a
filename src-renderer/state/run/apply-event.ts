// One event of a run upon what is known of it. Pure; an event told twice changes nothing the second time, so a lost
// stream can be read again from anywhere.
import type { ErrorRecord } from '../../../src-main/contract/errors.ts'
import type { Pulse } from '../../../src-main/contract/run/pulse.ts'
import type { CoefficientTable, RunDetail, RunEvent, StageDetail } from '../../../src-main/contract/run/run.ts'

export interface LiveRun {
  detail: RunDetail
  progress: { what: string; done: number; total: number } | null
  present: { stage: number; table: CoefficientTable } | null // coefficients of the newest epoch
  pulse: Pulse | null // how fast it goes, and in how much memory
  remainingSeconds: number | null
  engineLost: ErrorRecord | null
  engineSilent: ErrorRecord | null // while it does not answer
}

export function liveRun(detail: RunDetail): LiveRun {
  return {
    detail,
    progress: null,
    present: null,
    pulse: null,
    remainingSeconds: null,
    engineLost: null,
    engineSilent: null,
  }
}

export function applyEvent(live: LiveRun, event: RunEvent): LiveRun {
  const { detail } = live
  switch (event.type) {
    case 'started':
      return withDetail(
        { ...live, engineLost: null, engineSilent: null },
        { state: 'running', ended: null, error: null },
      )
    case 'opened': {
      const { engine, engines, blocks, parents, parameters, images } = event
      const told = { engine: engine.name, engineInfo: engine, engines, blocks, parents, parameters, images }
      return withDetail(calm(live), told)
    }
    case 'opening': {
      const { task, images, opened } = event
      const others = detail.openings.filter((o) => o.task !== task || o.opened !== opened)
      return withDetail(live, { openings: [...others, { task, images, opened }] })
    }
    case 'data': {
      const others = detail.data.filter((d) => d.task !== event.data.task || d.split !== event.data.split)
      return withDetail(live, { leaks: event.leaks, data: [...others, event.data] })
    }
    case 'progress':
      return { ...live, progress: { what: event.what, done: event.done, total: event.total } }
    case 'pulse':
      return { ...live, pulse: event, remainingSeconds: event.remainingSeconds ?? live.remainingSeconds }
    case 'evaluation': {
      const { evaluation } = event
      const same = (e: typeof evaluation) =>
        e.split === evaluation.split && e.model === evaluation.model && e.stage === evaluation.stage
      return withDetail(calm(live), { evaluations: [...detail.evaluations.filter((e) => !same(e)), evaluation] })
    }
    case 'stage':
      return stageBegun(live, event)
    case 'epoch':
      return epochDone(live, event)
    case 'stage-end':
      return stageEnded(live, event)
    case 'skipped': {
      const { first, last, why } = event
      return withDetail(calm(live), { skipped: { first, last, why } })
    }
    case 'micro-batch': {
      const { from, to, why } = event
      const halvings = [...detail.halvings.filter((h) => h.from !== from), { from, to, why }]
      return withDetail(live, { halvings: halvings.sort((a, b) => b.from - a.from) })
    }
    case 'engine-lost':
      return { ...live, engineLost: event.error }
    case 'engine-silent':
      return { ...live, engineSilent: event.error }
    case 'ended':
      return withDetail({ ...calm(live), engineSilent: null }, { state: event.state, error: event.error })
    case 'done': {
      const { tasks, accuracy, relativeAccuracy, seconds } = event
      return withDetail(calm(live), { state: 'done', tasks, accuracy, relativeAccuracy, seconds })
    }
  }
}

type Told<Type extends RunEvent['type']> = Extract<RunEvent, { type: Type }>

function stageBegun(live: LiveRun, event: Told<'stage'>): LiveRun {
  const { type: _type, run: _run, ...told } = event
  const detail = withStage(live.detail, event.stage, (known) => ({ ...(known ?? emptyStage), ...told }))
  return { ...calm(live), detail }
}

function epochDone(live: LiveRun, event: Told<'epoch'>): LiveRun {
  const { type: _type, run: _run, coefficients, posterior, ...epoch } = event
  const detail = withStage(live.detail, event.stage, (known) => {
    if (!known) return undefined
    const epochs = withEpoch(known.epochs, epoch)
    return epoch.best && epoch.step >= known.best
      ? { ...known, epochs, best: epoch.step, metric: epoch.metric, coefficients, ...(posterior && { posterior }) }
      : { ...known, epochs }
  })
  return {
    ...calm(live),
    engineLost: null,
    detail,
    present: { stage: event.stage, table: coefficients },
    remainingSeconds: event.remainingSeconds,
  }
}

function stageEnded(live: LiveRun, event: Told<'stage-end'>): LiveRun {
  const { type: _type, run: _run, ...end } = event
  const detail = withStage(live.detail, event.stage, (known) => known && { ...known, ...end, ended: true })
  const iterationsDone = Math.max(detail.iterationsDone, event.stage)
  return { ...live, present: null, detail: { ...detail, iterationsDone } }
}

/** What was being done is done. */
function calm(live: LiveRun): LiveRun {
  return { ...live, progress: null }
}

function withDetail(live: LiveRun, told: Partial<RunDetail>): LiveRun {
  return { ...live, detail: { ...live.detail, ...told } }
}

const emptyStage = {
  ended: false,
  accepted: false,
  best: 0,
  still: null,
  metric: null,
  coefficients: [],
  losses: [],
  epochs: [],
} satisfies Partial<StageDetail>

function withEpoch(epochs: StageDetail['epochs'], epoch: StageDetail['epochs'][number]): StageDetail['epochs'] {
  if ((epochs.at(-1)?.epoch ?? -1) < epoch.epoch) return [...epochs, epoch]
  return [...epochs.filter((e) => e.epoch !== epoch.epoch), epoch].sort((a, b) => a.epoch - b.epoch)
}

/** The run with one stage replaced or added; unchanged when the change gives none. */
function withStage(
  detail: RunDetail,
  stage: number,
  change: (known: StageDetail | undefined) => StageDetail | undefined,
): RunDetail {
  if (stage === 0) {
    const start = change(detail.start ?? undefined)
    return start ? { ...detail, start } : detail
  }
  const changed = change(detail.iterations.find((s) => s.stage === stage))
  if (!changed) return detail
  const iterations = [...detail.iterations.filter((s) => s.stage !== stage), changed].sort((a, b) => a.stage - b.stage)
  return { ...detail, iterations }
}
