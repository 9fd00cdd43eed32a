// All that history knows of fine-tunings, in the contract's shape; of one from one consistent state of the file.
import type { Sha256 } from '../../contract/branded.ts'
import type { SplitManifest } from '../../contract/data/manifest.ts'
import type { ErrorRecord } from '../../contract/errors.ts'
import { resolvedTuningSchema } from '../../contract/tuning/config.ts'
import type { TuningDetail, TuningSummary } from '../../contract/tuning/tuning.ts'
import { sound } from '../checksums.ts'
import { change, type History, row, snapshot, soundOnly, transaction } from '../statement.ts'
import { curveOf } from './curve.ts'
import { looksOf } from './looks.ts'
import {
  enginesOf,
  notesIn,
  parentsIn,
  planIn,
  type TuningRow,
  tuningRow,
  tuningRows,
  tuningStateNow,
} from './tunings.ts'

/** Newest first. */
export function listTunings(history: History): TuningSummary[] {
  return snapshot(history, () => tuningRows(history).map((found) => tuningSummary(history, found)))
}

/** Throws run-missing, or history-damaged where its own row is. */
export function tuningDetail(history: History, tuning: number): TuningDetail {
  return snapshot(history, () => {
    const found = tuningRow(history, tuning)
    return {
      ...tuningSummary(history, found),
      config: resolvedTuningSchema.parse(JSON.parse(found.config)),
      plan: planIn(found),
      engines: enginesOf(found),
      parents: parentsIn(found),
      data: dataOf(history, tuning),
      curve: curveOf(history, tuning),
      looks: looksOf(history, tuning),
      notes: notesIn(found),
      finished: found.finished === null ? null : (JSON.parse(found.finished) as TuningDetail['finished']),
      sha256: found.sha256 as Sha256 | null,
    }
  })
}

function tuningSummary(history: History, found: TuningRow): TuningSummary {
  const { tuning, name, kind, task, seed, created, ended, seconds, steps, planned, accuracy, model, error } = found
  return {
    ...{ tuning, name, kind, task, seed, created, ended, seconds, steps, accuracy, model },
    state: tuningStateNow(history, found),
    of: planned,
    error: error === null ? null : (JSON.parse(error) as ErrorRecord),
  }
}

/** A split that is opened again, because it goes on, replaces what was known of it. */
export function putTuningData(history: History, tuning: number, manifest: SplitManifest): void {
  transaction(history, () => {
    const others = dataOf(history, tuning).filter(
      ({ task, split }) => task !== manifest.task || split !== manifest.split,
    )
    change(history, 'UPDATE tunings SET data = :data WHERE tuning = :tuning', {
      tuning,
      data: JSON.stringify([...others, manifest]),
    })
  })
}

function dataOf(history: History, tuning: number): SplitManifest[] {
  const text = `SELECT data FROM tunings WHERE tuning = :tuning AND ${sound(history, 'tunings', { long: true })}`
  const found = soundOnly(history, () => row<{ data: string | null }>(history, text, { tuning }))
  return found?.data ? (JSON.parse(found.data) as SplitManifest[]) : []
}
