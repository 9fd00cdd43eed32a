// The event that closes a run's stream, as the history tells it: so that whoever comes late hears the same end.
import type { RunId } from '../../contract/branded.ts'
import type { RunEvent } from '../../contract/run/run.ts'
import { runDetail } from '../../history/detail.ts'
import type { History } from '../../history/statement.ts'

/** Throws run-missing. A run that nobody works on yet, or any more, counts as interrupted. */
export function lastEvent(history: History, run: RunId): RunEvent {
  const { state, tasks, accuracy, relativeAccuracy, seconds, error } = runDetail(history, run)
  if (state === 'done') return { type: 'done', run, tasks, accuracy, relativeAccuracy, seconds }
  const isOpen = state === 'running' || state === 'waiting' || state === 'paused'
  return { type: 'ended', run, state: isOpen ? 'interrupted' : state, error }
}
