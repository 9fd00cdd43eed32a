// A study at work: its runs one after the other, each checked, kept and resumed like any other. A run that fails is a
// row of the table with its reason and the study goes on; what stops it from outside (the engine lost, a full disk, the
// person) pauses the study, and it goes on where it was: done runs stay, an interrupted one is resumed.
import type { StudyRun } from '../../contract/api/studies.ts'
import { type ErrorRecord, recordOf } from '../../contract/errors.ts'
import type { RunEvent } from '../../contract/run/run.ts'
import { runRow } from '../../history/runs.ts'
import type { History } from '../../history/statement.ts'
import { plannedConfig, putStudyRun, putStudyState } from '../../history/studies.ts'
import { studyRunsOf } from '../../history/study-places.ts'
import type { Ended, Work } from '../jobs/kind.ts'
import type { RunsAtWork } from '../runs/runs.ts'

interface Place {
  history: History
  runs: RunsAtWork
  /** Another process has asked for a pause. */
  wasAsked(study: number): boolean
}

export async function workThrough(place: Place, study: number, work: Work): Promise<Ended> {
  const { history } = place
  const paused = (error: ErrorRecord | null): Ended => {
    putStudyState(history, study, 'paused', error)
    const wish = work.wish()
    return { state: wish === 'close' ? 'interrupted' : wish === 'cancel' ? 'cancelled' : 'paused', error }
  }
  let isStopped = false // the person cancelled or stopped the present run
  place.wasAsked(study) // long ago
  try {
    putStudyState(history, study, 'running')
    for (;;) {
      const all = studyRunsOf(history, study)
      const at = all.findIndex(({ state }) => unfinished.includes(state))
      const next = all[at]
      const asked = place.wasAsked(study)
      if (!next) {
        putStudyState(history, study, 'done')
        return { state: 'done' }
      }
      if (isStopped || asked || work.wish() !== 'go on') return paused(null)
      work.tell({ what: 'Run', done: at + 1, total: all.length }, leftOf(history, all), at / all.length)
      const last = await one(place, study, next, work)
      if (last.type !== 'ended' || last.state === 'failed') continue // a row of the table, with its reason
      if (last.state !== 'interrupted') isStopped = true
      else if (work.wish() !== 'close') return paused(last.error)
    }
  } catch (thrown) {
    try {
      return paused(work.wish() === 'close' ? null : recordOf(thrown))
    } catch {
      return { state: 'interrupted', error: recordOf(thrown) } // the disk takes nothing more
    }
  }
}

/** Gives the last event of its run, which has been told. */
async function one({ history, runs }: Place, study: number, planned: StudyRun, work: Work): Promise<RunEvent> {
  const { place, run } = planned
  const live =
    run !== null
      ? await runs.goOn(run, { device: null, resumed: true })
      : await runs.begin(plannedConfig(history, study, place), (made) => putStudyRun(history, study, place, made))
  work.at(live.run)
  work.signal.addEventListener('abort', runs.end)
  if (work.signal.aborted && work.wish() !== 'close') runs.end() // it was asked for while the run was being checked
  const last = await live.over
  work.signal.removeEventListener('abort', runs.end)
  runs.tellLast(live, last)
  work.at(null)
  return last
}

/** Those that are left take as long as those that are done have taken; null before the first is. */
function leftOf(history: History, all: readonly StudyRun[]): number | null {
  const seconds = all.flatMap(({ run, state }) =>
    run !== null && state === 'done' ? [runRow(history, run).seconds] : [],
  )
  const left = all.filter(({ state }) => unfinished.includes(state)).length
  return seconds.length === 0 ? null : (seconds.reduce((sum, one) => sum + one, 0) / seconds.length) * left
}

/** Of runs that are still to be done. */
export const unfinished: StudyRun['state'][] = ['waiting', 'interrupted', 'cancelled']
