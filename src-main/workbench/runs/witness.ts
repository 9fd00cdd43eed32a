// What is known of a run at work besides what the history keeps of it: a log of what happened, which its journal keeps,
// and how long it still takes. Whoever opens the run's page late reads it.
import { earlierLog, logLine } from '../../contract/run/log.ts'
import type { LogEntry } from '../../contract/run/pulse.ts'
import type { EngineEvent, RunDetail, RunEvent } from '../../contract/run/run.ts'
import { type Journal, mostShown } from './journal.ts'
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

/** before: the run as this sitting finds it; now: milliseconds of a clock that never goes back. */
export function createWitness(
  before: RunDetail,
  journal: Journal,
  now: () => number = () => performance.now(),
): Witness {
  const remaining = createRemaining(before)
  const earlier = journal.kept()
  let log: LogEntry[] = earlier.length > 0 ? earlier : earlierLog(before)

  const note = (what: string): void => {
    const entry = { at: new Date().toISOString(), what }
    journal.add(entry)
    log = [...log, entry].slice(-mostShown)
  }
  return {
    timed: (event) => {
      const seconds = now() / 1000
      remaining.hear(event, seconds)
      if (event.type !== 'epoch' && event.type !== 'pulse') return event
      return { ...event, remainingSeconds: remaining.at(seconds) ?? event.remainingSeconds }
    },
    told: (event) => {
      const line = logLine(event)
      if (line !== null) note(line)
    },
    note,
    seen: (detail) => ({ ...detail, log }),
  }
}
