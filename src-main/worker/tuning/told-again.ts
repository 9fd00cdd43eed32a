// What was told since the state before goes into each state that a fine-tuning goes on from: the process that keeps
// what is told may be killed between hearing of a step and its state on disk, and is then told of it again.
import { z } from 'zod'

import { type TuningEngineEvent, tuningEngineEventSchema } from '../../contract/tuning/tuning.ts'
import type { TuningStates } from '../../engine/formats/tuning-states.ts'

const recordSchema = z.object({ engine: z.unknown(), since: z.array(tuningEngineEventSchema) })

interface ToldAgain {
  states: TuningStates
  hear(event: TuningEngineEvent): void
  /** What the state that it goes on from was kept with. */
  again(): TuningEngineEvent[]
}

export function tellingAgain(states: TuningStates): ToldAgain {
  let since: TuningEngineEvent[] = []
  let before: TuningEngineEvent[] = []
  return {
    hear: (event) => {
      if (event.type === 'step' || event.type === 'look') since.push(event)
    },
    again: () => before,
    states: {
      keep: async (kind, state) => {
        const isLast = kind === 'last'
        const bytes = await states.keep(kind, {
          ...state,
          record: { engine: state.record, since: isLast ? since : [] },
        })
        if (isLast) since = []
        return bytes
      },
      open: async (kind) => {
        const kept = await states.open(kind)
        if (!kept) return null
        const parsed = recordSchema.safeParse(kept.record)
        if (kind === 'last') before = parsed.data?.since ?? []
        return { ...kept, record: parsed.data?.engine }
      },
      damaged: () => states.damaged(),
    },
  }
}
