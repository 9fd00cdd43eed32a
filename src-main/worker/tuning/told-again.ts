// What was told goes into each state that a fine-tuning goes on from, the newest of it: the process that keeps what is
// told may be killed between hearing of a step and its state on disk, or its disk may take nothing while states are
// still written, also more than one, and it is then told of it again. What it has it does not keep twice.
import { z } from 'zod'

import { type TuningEngineEvent, tuningEngineEventSchema } from '../../contract/tuning/tuning.ts'
import type { TuningStates } from '../../engine/formats/tuning-states.ts'

const recordSchema = z.object({ engine: z.unknown(), since: z.array(tuningEngineEventSchema) })

const most = 20_000 // steps and looks; some megabytes of a state's header

interface ToldAgain {
  states: TuningStates
  hear(event: TuningEngineEvent): void
  /** What the state that it goes on from was kept with. */
  again(): TuningEngineEvent[]
}

export function tellingAgain(states: TuningStates): ToldAgain {
  let told: TuningEngineEvent[] = []
  let before: TuningEngineEvent[] = []
  return {
    hear: (event) => {
      if (event.type === 'step' || event.type === 'look') told.push(event)
    },
    again: () => before,
    states: {
      keep: async (kind, state) => {
        told = told.slice(-most)
        return states.keep(kind, { ...state, record: { engine: state.record, since: kind === 'last' ? told : [] } })
      },
      open: async (kind) => {
        const kept = await states.open(kind)
        if (!kept) return null
        const parsed = recordSchema.safeParse(kept.record)
        if (kind === 'last') {
          before = parsed.data?.since ?? []
          told = [...before]
        }
        return { ...kept, record: parsed.data?.engine }
      },
      damaged: () => states.damaged(),
    },
  }
}
