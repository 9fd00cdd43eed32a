// A fine-tuning as it goes: what history has of it, and what was told since. Pure.
import type { ErrorRecord } from '../../../src-main/contract/errors.ts'
import type { MemoryRecord } from '../../../src-main/contract/run/pulse.ts'
import type { TuningDetail, TuningEvent, TuningStep } from '../../../src-main/contract/tuning/tuning.ts'

export interface LiveTuning {
  detail: TuningDetail
  progress: { what: string; done: number; total: number } | null
  memory: MemoryRecord | null
  engineLost: ErrorRecord | null
  engineSilent: ErrorRecord | null
}

export function liveTuning(detail: TuningDetail): LiveTuning {
  return { detail, progress: null, memory: null, engineLost: null, engineSilent: null }
}

/** Several at once, so that steps are put to a curve once. */
export function applyEvents(live: LiveTuning, events: readonly TuningEvent[]): LiveTuning {
  const steps = events.flatMap((event) => (event.type === 'step' ? [stepOf(event)] : []))
  const told = events.filter(({ type }) => type !== 'step').reduce(applyEvent, live)
  if (steps.length === 0) return told
  return { ...told, progress: null, engineLost: null, detail: withSteps(told.detail, steps) }
}

function stepOf({ type: _, tuning: _tuning, ...step }: TuningEvent & { type: 'step' }): TuningStep {
  return step
}

/** Told anew after an engine went, a step takes the place of the one it was, and of what came after that. */
function withSteps(detail: TuningDetail, steps: readonly TuningStep[]): TuningDetail {
  const first = steps[0]?.step ?? 0
  const kept = detail.curve.at(-1)?.step ?? -1
  const before = first > kept ? detail.curve : detail.curve.filter(({ step }) => step < first)
  const curve = [...before, ...steps]
  return { ...detail, curve, steps: (curve.at(-1)?.step ?? -1) + 1 }
}

function applyEvent(live: LiveTuning, event: TuningEvent): LiveTuning {
  const { detail } = live
  switch (event.type) {
    case 'started':
      return { ...live, detail: { ...detail, state: 'running', error: null } }
    case 'opened': {
      const { type: _, tuning: _tuning, engine, parents, from, ...plan } = event
      const engines = detail.engines.some(({ name }) => name === engine.name)
        ? detail.engines
        : [...detail.engines, engine]
      return { ...live, progress: null, detail: { ...detail, plan, engines, parents, steps: from, of: plan.steps } }
    }
    case 'progress':
      return { ...live, progress: event }
    case 'memory':
      return { ...live, memory: event.memory }
    case 'data': {
      const others = detail.data.filter((one) => one.task !== event.data.task || one.split !== event.data.split)
      return { ...live, detail: { ...detail, data: [...others, event.data] } }
    }
    case 'look': {
      const { type: _, tuning: _tuning, ...look } = event
      const looks = [...detail.looks.filter(({ steps }) => steps < look.steps), look]
      return { ...live, detail: { ...detail, looks } }
    }
    case 'note':
      return { ...live, detail: { ...detail, notes: [...detail.notes, event.text] } }
    case 'micro-batch': {
      const text = `The micro-batch is ${event.to} images instead of ${event.from}: ${event.why}.`
      return { ...live, detail: { ...detail, notes: [...detail.notes, text] } }
    }
    case 'engine-lost':
      return { ...live, engineSilent: null, engineLost: event.restarting ? event.error : null }
    case 'engine-silent':
      return { ...live, engineSilent: event.error }
    default:
      return live // what ends it is read from the history
  }
}
