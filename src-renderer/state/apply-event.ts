// One event of a run upon what is known of it. Pure; an event told twice changes nothing the second time, so a lost
// stream can be read again from anywhere.
import type { ErrorRecord } from '../../src-main/contract/errors.ts'
import type { CoefficientTable, RunDetail, RunEvent, StageDetail } from '../../src-main/contract/run/run.ts'

export interface LiveRun {
  detail: RunDetail
  progress: { what: string; done: number; total: number } | null
  present: { stage: number; table: CoefficientTable } | null // coefficients of the newest epoch
  remainingSeconds: number | null
  engineLost: ErrorRecord | null
  engineSilent: ErrorRecord | null // while it does not answer
}

export function liveRun(detail: RunDetail): LiveRun {
  return { detail, progress: null, present: null, remainingSeconds: null, engineLost: null, engineSilent: null }
}

export function applyEvent(live: LiveRun, event: RunEvent): LiveRun {
  const { detail } = live
  switch (event.type) {
    case 'started':
      return {
        ...live,
        engineLost: null,
        engineSilent: null,
        detail: { ...detail, state: 'running', ended: null, error: null },
      }
    case 'opened': {
      const { engine, engines, blocks, parents, parameters, images } = event
      return {
        ...live,
        progress: null,
        detail: { ...detail, engine: engine.name, engineInfo: engine, engines, blocks, parents, parameters, images },
      }
    }
    case 'opening': {
      const { task, images, opened } = event
      const isSame = (o: RunDetail['openings'][number]) => o.task === task && o.opened === opened
      return {
        ...live,
        detail: { ...detail, openings: [...detail.openings.filter((o) => !isSame(o)), { task, images, opened }] },
      }
    }
    case 'data': {
      const isSame = (d: typeof event.data) => d.task === event.data.task && d.split === event.data.split
      return {
        ...live,
        detail: { ...detail, leaks: event.leaks, data: [...detail.data.filter((d) => !isSame(d)), event.data] },
      }
    }
    case 'progress':
      return { ...live, progress: { what: event.what, done: event.done, total: event.total } }
    case 'evaluation': {
      const { evaluation } = event
      const same = (e: typeof evaluation) =>
        e.split === evaluation.split && e.model === evaluation.model && e.stage === evaluation.stage
      return {
        ...live,
        progress: null,
        detail: { ...detail, evaluations: [...detail.evaluations.filter((e) => !same(e)), evaluation] },
      }
    }
    case 'stage': {
      const { type: _type, run: _run, ...told } = event
      return {
        ...live,
        progress: null,
        detail: withStage(detail, event.stage, (known) => ({ ...(known ?? emptyStage), ...told })),
      }
    }
    case 'epoch': {
      const { type: _type, run: _run, coefficients, ...epoch } = event
      const next = withStage(detail, event.stage, (known) => {
        if (!known) return undefined
        const epochs = withEpoch(known.epochs, epoch)
        return epoch.best && epoch.step >= known.best
          ? { ...known, epochs, best: epoch.step, metric: epoch.metric, coefficients }
          : { ...known, epochs }
      })
      return {
        ...live,
        progress: null,
        engineLost: null,
        detail: next,
        present: { stage: event.stage, table: coefficients },
        remainingSeconds: event.remainingSeconds,
      }
    }
    case 'stage-end': {
      const { type: _type, run: _run, ...end } = event
      const next = withStage(detail, event.stage, (known) => known && { ...known, ...end, ended: true })
      return { ...live, present: null, detail: { ...next, iterationsDone: Math.max(next.iterationsDone, event.stage) } }
    }
    case 'skipped': {
      const { first, last, why } = event
      return { ...live, progress: null, detail: { ...detail, skipped: { first, last, why } } }
    }
    case 'micro-batch': {
      const { from, to, why } = event
      const halvings = [...detail.halvings.filter((h) => h.from !== from), { from, to, why }].sort(
        (a, b) => b.from - a.from,
      )
      return { ...live, detail: { ...detail, halvings } }
    }
    case 'engine-lost':
      return { ...live, engineLost: event.error }
    case 'engine-silent':
      return { ...live, engineSilent: event.error }
    case 'ended':
      return {
        ...live,
        progress: null,
        engineSilent: null,
        detail: { ...detail, state: event.state, error: event.error },
      }
    case 'done': {
      const { tasks, accuracy, relativeAccuracy, seconds } = event
      return {
        ...live,
        progress: null,
        detail: { ...detail, state: 'done', tasks, accuracy, relativeAccuracy, seconds },
      }
    }
  }
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
