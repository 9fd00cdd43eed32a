// A run of its own. It goes on where it was: after its last kept epoch.

import { z } from 'zod'

import { runId } from '../../../contract/branded.ts'
import type { RunEvent } from '../../../contract/run/run.ts'
import { runDetail } from '../../../history/detail.ts'
import { resumeOf } from '../../../history/resume.ts'
import { expectedSeconds } from '../../../history/run-times.ts'
import { createRun, runRow } from '../../../history/runs.ts'
import type { History } from '../../../history/statement.ts'
import type { RunsAtWork } from '../../runs/runs.ts'
import { defineKind, type Ended, type Kind, type Work } from '../kind.ts'

/** device: for one sitting; null: as chosen. memoryBytes: by its plan. */
const request = z.object({
  name: z.string(),
  device: z.string().nullable(),
  memoryBytes: z.number().nullable().default(null),
})

const none = runId(0)

export function runKind({ history, runs }: { history: History; runs: RunsAtWork }): Kind {
  return defineKind({
    needs: 'engine',
    goesOn: true,
    request,
    title: ({ name }) => name,
    estimate: ({ run }, { memoryBytes }) => ({ expectedSeconds: expectedSeconds(history, run ?? none), memoryBytes }),
    run: async ({ run, started }, { device }, work) => {
      const number = run ?? none
      const hear = createEar(work, runRow(history, number).iterations_planned + 1)
      const hears = {
        kept: hear,
        left: () => (work.wish() === 'cancel' ? ('cancelled' as const) : ('interrupted' as const)),
      }
      const resumed = started !== null || resumeOf(history, number) !== null
      const live = await runs.goOn(number, { device, resumed }, hears).catch((thrown: unknown) => {
        if (work.wish() === 'go on' && !resumed) runs.leave(number, thrown)
        throw thrown
      })
      work.signal.addEventListener('abort', runs.end, { once: true })
      if (work.signal.aborted && work.wish() !== 'close') runs.end()
      work.begun()
      const last = await live.over
      return { ...endOf(last, work), after: () => runs.tellLast(live, last) }
    },
    dropped: ({ run }) => runs.leave(run ?? none, null),
    again: ({ run }, request) => {
      const made = createRun(history, runDetail(history, run ?? none).config, new Date(), 'interrupted')
      return { kind: 'run', request, run: made }
    },
  })
}

/**
 * How far it is, in steps of its stages, of which the closing evaluation counts as one more; and a pause that waits for
 * the next kept epoch.
 */
function createEar(work: Work, stages: number): (event: RunEvent) => void {
  let epochs = 0 // planned for its stage
  let steps = 0
  let share: number | null = null
  let present = { what: 'Opening files', done: 0, total: 0 }
  const shareAt = (stage: number, step: number) =>
    Math.min(1, (stage + Math.min(1, step / Math.max(1, steps))) / (stages + 1))
  return (event) => {
    if (event.type === 'progress') work.tell(event, undefined, share)
    if (event.type === 'stage') {
      epochs = event.epochsPlanned
      steps = epochs * event.stepsPerEpoch
    }
    if (event.type === 'pulse') {
      share = Math.max(share ?? 0, shareAt(event.pace.stage, event.pace.step))
      work.tell(present, event.remainingSeconds, share)
    }
    if (event.type !== 'epoch') return
    present = {
      what: event.stage ? `Iteration ${event.stage}, epoch` : 'Start, epoch',
      done: event.epoch,
      total: epochs,
    }
    share = Math.max(share ?? 0, shareAt(event.stage, event.step))
    work.tell(present, event.remainingSeconds, share)
    if (work.wish() === 'pause') work.pauses()
  }
}

function endOf(last: RunEvent, work: Work): Ended {
  if (last.type !== 'ended' || last.state === 'stopped') return { state: 'done' }
  if (last.state === 'interrupted' && !last.error && work.wish() !== 'close') return { state: 'paused' }
  return { state: last.state, error: last.error }
}
