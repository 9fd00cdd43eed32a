// From what the engine says of a fine-tuning to what is kept and told: committed first, then given on. Steps may follow
// each other faster than a disk commits, so they are kept a few at a time, four times a second at most, and told then.
import type { TuningEngineEvent, TuningEvent, TuningStep } from '../../contract/tuning/tuning.ts'
import { type History, transaction } from '../../history/statement.ts'
import { closePieces, putSteps } from '../../history/tunings/curve.ts'
import { putTuningData } from '../../history/tunings/detail.ts'
import { looksOf, putLook } from '../../history/tunings/looks.ts'
import {
  putTuningFinished,
  putTuningNote,
  putTuningOpened,
  putTuningOpening,
  putTuningSeconds,
  putTuningWritten,
  tuningRow,
} from '../../history/tunings/tunings.ts'
import { lastTuningEvent } from './last-event.ts'

const between = 250 // milliseconds between two commits of steps

export interface Keeper {
  /** On disk when this returns; gives what may now be told. */
  keep(event: TuningEngineEvent): TuningEvent[]
  /** The same with steps that still wait: nothing more comes of this engine. */
  rest(): TuningEvent[]
}

/** before: seconds of earlier sittings; clock: milliseconds, never going back. */
export function createKeeper(
  history: History,
  tuning: number,
  before: number,
  clock: () => number = () => performance.now(),
): Keeper {
  const began = clock()
  let kept = 0 // steps
  let looked = -1 // steps of the last look that was kept before this engine began
  let waiting: TuningStep[] = []
  let due = Number.NEGATIVE_INFINITY

  /** In a transaction: the steps that wait, and what else is to be kept with them. */
  function commit(event: TuningEngineEvent | null, also: () => void = () => undefined): TuningEvent[] {
    transaction(history, () => {
      if (waiting.length > 0) putSteps(history, tuning, waiting)
      also()
      putTuningSeconds(history, tuning, before + (clock() - began) / 1000)
    })
    const steps = waiting.map((step): TuningEvent => ({ type: 'step', ...step, tuning }))
    waiting = []
    due = clock() + between
    return event ? [...steps, { ...event, tuning }] : steps
  }

  function hear({ type: _, ...step }: TuningEngineEvent & { type: 'step' }): TuningEvent[] {
    if (step.step < kept) return [] // told again with the state that it goes on from
    kept = step.step + 1
    waiting.push(step)
    return clock() >= due ? commit(null) : []
  }

  function keep(event: TuningEngineEvent): TuningEvent[] {
    switch (event.type) {
      case 'step':
        return hear(event)
      case 'progress':
      case 'memory':
        return [...(waiting.length > 0 && clock() >= due ? commit(null) : []), { ...event, tuning }]
      case 'opened': {
        const told = commit(event, () => putTuningOpened(history, tuning, event))
        kept = tuningRow(history, tuning).steps
        looked = looksOf(history, tuning).at(-1)?.steps ?? -1
        return told
      }
      case 'state':
        return commit(event, () => closePieces(history, tuning, event.steps))
      case 'look':
        if (event.steps <= looked) return [] // told again, too
        return commit(event, () => putLook(history, tuning, event))
      case 'data':
        return commit(event, () => putTuningData(history, tuning, event.data))
      case 'opening':
        return commit(event, () => putTuningOpening(history, tuning, event, new Date()))
      case 'note':
        return commit(event, () => putTuningNote(history, tuning, event.text))
      case 'micro-batch': {
        const text = `From step ${kept} on the micro-batch is ${event.to} images instead of ${event.from}: ${event.why}.`
        return commit(event, () => putTuningNote(history, tuning, text))
      }
      case 'finished':
        return commit(event, () => putTuningFinished(history, tuning, event))
      case 'written': {
        const told = commit(event, () => putTuningWritten(history, tuning, event, new Date()))
        return [...told, lastTuningEvent(history, tuning)]
      }
    }
  }
  return { keep, rest: () => (waiting.length > 0 ? commit(null) : []) }
}
