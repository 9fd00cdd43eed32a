// A fine-tuning. It goes on where it was: from its last state on disk.
import { z } from 'zod'

import type { TuningEvent } from '../../../contract/tuning/tuning.ts'
import type { History } from '../../../history/statement.ts'
import { tuningRow } from '../../../history/tunings/tunings.ts'
import type { TuningsAtWork } from '../../tunings/tunings.ts'
import { defineKind, type Ended, type Kind, type Work } from '../kind.ts'

/** device: for one sitting; null: as chosen. memoryBytes: by its plan. */
const request = z.object({
  name: z.string(),
  device: z.string().nullable(),
  memoryBytes: z.number().nullable().default(null),
})

export function tuningKind({ history, tunings }: { history: History; tunings: TuningsAtWork }): Kind {
  return defineKind({
    needs: 'engine',
    goesOn: true,
    request,
    title: ({ name }) => name,
    estimate: (_, { memoryBytes }) => ({ expectedSeconds: null, memoryBytes }),
    run: async ({ tuning, started }, { device }, work) => {
      const number = tuning ?? 0
      const hears = {
        kept: createEar(work),
        left: () => (work.wish() === 'cancel' ? ('cancelled' as const) : ('interrupted' as const)),
      }
      const resumed = started !== null || tuningRow(history, number).steps > 0
      const live = await tunings.goOn(number, { device, resumed }, hears).catch((thrown: unknown) => {
        if (work.wish() === 'go on' && !resumed) tunings.leave(number, thrown)
        throw thrown
      })
      work.signal.addEventListener('abort', tunings.end, { once: true })
      if (work.signal.aborted && work.wish() !== 'close') tunings.end()
      work.begun()
      const last = await live.over
      if (last.type === 'done') work.wrote(last.model)
      return { ...endOf(last, work), after: () => tunings.tellLast(live, last) }
    },
    dropped: ({ tuning }) => tunings.leave(tuning ?? 0, null),
    again: ({ tuning }, request) => ({ kind: 'tuning', request, tuning: tunings.again(tuning ?? 0) }),
  })
}

/** How far it is, in steps, which the rest take as long as in this sitting; and a pause that waits for the next state. */
function createEar(work: Work): (event: TuningEvent) => void {
  let [from, of, began] = [0, 0, performance.now()]
  return (event) => {
    if (event.type === 'progress') work.tell(event, undefined, of > 0 ? undefined : null)
    if (event.type === 'opened') [from, of, began] = [event.from, event.steps, performance.now()]
    if (event.type === 'step') {
      const done = event.step + 1
      const each = (performance.now() - began) / 1000 / Math.max(1, done - from)
      work.tell({ what: 'Step', done, total: of }, each * (of - done), done / of)
    }
    if (event.type === 'state' && work.wish() === 'pause') work.pauses()
  }
}

function endOf(last: TuningEvent, work: Work): Ended {
  if (last.type !== 'ended') return { state: 'done' }
  if (last.state === 'interrupted' && !last.error && work.wish() !== 'close') return { state: 'paused' }
  return { state: last.state, error: last.error }
}
