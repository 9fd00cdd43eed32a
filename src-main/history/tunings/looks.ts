// What was seen of a fine-tuning's states: on validation data where there is some. One row a state.
import type { TuningLook } from '../../contract/tuning/tuning.ts'
import { sound } from '../checksums.ts'
import { change, type History, rows, soundOnly } from '../statement.ts'

type LookRow = Omit<TuningLook, 'best'> & { best: number }

export function putLook(history: History, tuning: number, look: TuningLook): void {
  const { steps, epoch, loss, accuracy, best } = look
  change(
    history,
    `INSERT OR REPLACE INTO tuning_looks (tuning, steps, epoch, loss, accuracy, best)
     VALUES (:tuning, :steps, :epoch, :loss, :accuracy, :best)`,
    { tuning, steps, epoch, loss, accuracy, best: Number(best) },
  )
}

/** Takes back those of states beyond so many steps. */
export function cutLooks(history: History, tuning: number, steps: number): void {
  change(history, 'DELETE FROM tuning_looks WHERE tuning = :tuning AND steps > :steps', { tuning, steps })
}

export function looksOf(history: History, tuning: number): TuningLook[] {
  const text = `SELECT steps, epoch, loss, accuracy, best FROM tuning_looks
    WHERE tuning = :tuning AND ${sound(history, 'tuning_looks')} ORDER BY steps`
  const found = soundOnly(history, () => rows<LookRow>(history, text, { tuning }))
  return found.map((look) => ({ ...look, best: look.best === 1 }))
}
