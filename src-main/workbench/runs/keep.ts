// From what the engine says to what is kept and told: each event is committed first, then given on as the contract's
// run event. seconds in the history are engine time over all sittings; those of an event are of this sitting.
import type { RunId } from '../../contract/branded.ts'
import type { EngineEvent, RunEvent } from '../../contract/run/run.ts'
import { putEpoch } from '../../history/epochs.ts'
import { putEvaluation } from '../../history/run-evaluations.ts'
import { putDataWait, putManifest, putOpening } from '../../history/run-images.ts'
import { countIterations, endRun, putHalving, putOpened } from '../../history/runs.ts'
import { endStage, putStage } from '../../history/stages.ts'
import { type History, transaction } from '../../history/statement.ts'
import { lastEvent } from './last-event.ts'

/** before: engine seconds of earlier sittings. On disk when this returns; gives what may now be told. */
export function keepEvent(history: History, run: RunId, event: EngineEvent, before: number, now: Date): RunEvent {
  switch (event.type) {
    case 'opened':
      return { ...event, run, engines: putOpened(history, run, event) }
    case 'progress':
    case 'pulse':
    case 'skipped': // follows from the rows of the stages before (contract/run/difference-vector.ts)
      return { ...event, run }
    case 'opening': {
      const opened = now.toISOString()
      putOpening(history, run, { ...event, opened })
      return { ...event, run, opened }
    }
    case 'data':
      return { ...event, run, leaks: putManifest(history, run, event.data) }
    case 'evaluation':
      putEvaluation(history, run, event.evaluation)
      return { ...event, run }
    case 'stage':
      putStage(history, run, event)
      return { ...event, run }
    case 'epoch': {
      const { resume, ...epoch } = event
      putEpoch(history, run, event, resume, before + event.seconds)
      return { ...epoch, run }
    }
    case 'stage-end':
      transaction(history, () => {
        endStage(history, run, event)
        countIterations(history, run)
      })
      return { ...event, run }
    case 'micro-batch': {
      const { from, to, why } = event
      putHalving(history, run, { from, to, why })
      return { ...event, run }
    }
    case 'finished':
      transaction(history, () => {
        if (event.dataWaitSeconds !== undefined)
          putDataWait(history, run, { seconds: event.dataWaitSeconds, of: event.seconds })
        endRun(history, run, event.stopped ? 'stopped' : 'done', now, null, before + event.seconds)
      })
      return lastEvent(history, run)
  }
}
