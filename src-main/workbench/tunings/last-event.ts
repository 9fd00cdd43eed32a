// The event that closes a fine-tuning's stream, as the history tells it: whoever comes late hears the same end.
import type { ErrorRecord } from '../../contract/errors.ts'
import type { TuningDetail, TuningEvent } from '../../contract/tuning/tuning.ts'
import type { History } from '../../history/statement.ts'
import { tuningRow } from '../../history/tunings/tunings.ts'

/** Throws run-missing. One that nobody works on yet, or any more, counts as interrupted. */
export function lastTuningEvent(history: History, tuning: number): TuningEvent {
  const { state, model, adapter, steps, seconds, error, finished } = tuningRow(history, tuning)
  if (model !== null && finished !== null) {
    const { accuracy, split } = JSON.parse(finished) as NonNullable<TuningDetail['finished']>
    return { type: 'done', tuning, model, adapter, accuracy, split, steps, seconds }
  }
  const isOver = state === 'cancelled' || state === 'failed'
  const why = error === null ? null : (JSON.parse(error) as ErrorRecord)
  return { type: 'ended', tuning, state: isOver ? state : 'interrupted', error: why }
}
