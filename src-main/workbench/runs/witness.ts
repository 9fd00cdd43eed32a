// What is known of a run at work besides what the history keeps of it: a log of what happened, the norm of each step's
// gradient, how long it still takes. It lives as long as the sitting, and whoever opens the run's page late reads it.
import { earlierLog, logLine } from '../../contract/run/log.ts'
import type { LogEntry } from '../../contract/run/pulse.ts'
import type { EngineEvent, RunDetail, RunEvent, StageDetail } from '../../contract/run/run.ts'
import { createRemaining } from './remaining.ts'

export interface Witness {
  /** The engine's event with the time that is left by it, before it is kept. */
  timed(event: EngineEvent): EngineEvent
  /** After it was kept. */
  told(event: RunEvent): void
  /** A sentence of ours. */
  note(what: string): void
  /** The run as the history has it, with what is known besides. */
  seen(detail: RunDetail): RunDetail
}

const mostEntries = 500

/** before: the run as this sitting finds it; now: milliseconds of a clock that never goes back. */
export function createWitness(before: RunDetail, now: () => number = () => performance.now()): Witness {
  const remaining = createRemaining(before)
  const norms = new Map<string, number[]>()
  let log: LogEntry[] = earlierLog(before)

  const note = (what: string): void => {
    log = [...log, { at: new Date().toISOString(), what }].slice(-mostEntries)
  }
  const withNorms = (stage: StageDetail): StageDetail => ({
    ...stage,
    epochs: stage.epochs.map((epoch) => {
      const gradients = norms.get(`${epoch.stage} ${epoch.epoch}`)
      return gradients ? { ...epoch, gradients } : epoch
    }),
  })
  return {
    timed: (event) => {
      const seconds = now() / 1000
      remaining.hear(event, seconds)
      if (event.type !== 'epoch' && event.type !== 'pulse') return event
      return { ...event, remainingSeconds: remaining.at(seconds) ?? event.remainingSeconds }
    },
    told: (event) => {
      if (event.type === 'epoch' && event.gradients) norms.set(`${event.stage} ${event.epoch}`, event.gradients)
      const line = logLine(event)
      if (line !== null) note(line)
    },
    note,
    seen: (detail) => ({
      ...detail,
      log,
      start: detail.start && withNorms(detail.start),
      iterations: detail.iterations.map(withNorms),
    }),
  }
}
