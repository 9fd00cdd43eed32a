// The steps of a fine-tuning, in pieces: those that were told together are a row, and those between two states on disk
// become one when the second is there. So a long fine-tuning has few rows, and one that goes on from a state is cut
// where a row ends.
import type { TuningStep } from '../../contract/tuning/tuning.ts'
import { sound } from '../checksums.ts'
import { change, type History, row, rows, soundOnly } from '../statement.ts'

interface Piece {
  first: number
  last: number
  steps: string
}

/** In their order, behind those that are kept. To be called in a transaction. */
export function putSteps(history: History, tuning: number, steps: readonly TuningStep[]): void {
  putPiece(history, tuning, steps, 0)
  change(history, 'UPDATE tunings SET steps = max(steps, :steps) WHERE tuning = :tuning', {
    tuning,
    steps: (steps.at(-1)?.step ?? -1) + 1,
  })
}

/** A state of so many steps is on disk. To be called in a transaction. */
export function closePieces(history: History, tuning: number, steps: number): void {
  const open = piecesOf(history, tuning, 'closed = 0 AND last < :steps', { steps })
  if (open.length === 0) return
  for (const { first } of open) dropPiece(history, tuning, first)
  putPiece(history, tuning, open.flatMap(stepsIn), 1)
}

/** Takes back what lies beyond so many steps. To be called in a transaction. */
export function cutCurve(history: History, tuning: number, steps: number): void {
  for (const piece of piecesOf(history, tuning, 'last >= :steps', { steps })) {
    dropPiece(history, tuning, piece.first)
    const kept = stepsIn(piece).filter(({ step }) => step < steps)
    if (kept.length > 0) putPiece(history, tuning, kept, 1)
  }
  change(history, 'UPDATE tunings SET steps = min(steps, :steps) WHERE tuning = :tuning', { tuning, steps })
}

/** Damaged pieces are left out. */
export function curveOf(history: History, tuning: number): TuningStep[] {
  return soundOnly(history, () => piecesOf(history, tuning)).flatMap(stepsIn)
}

/** Each piece begins where the one before it ends. */
export function isCurveWhole(history: History, tuning: number): boolean {
  const text = `SELECT 1 FROM tunings t WHERE tuning = :tuning AND steps <>
    (SELECT coalesce(sum(last - first + 1), 0) FROM tuning_curve c WHERE c.tuning = t.tuning)`
  return row(history, text, { tuning }) === undefined
}

function piecesOf(history: History, tuning: number, where = '1', values: Record<string, number> = {}): Piece[] {
  const text = `SELECT first, last, steps FROM tuning_curve
    WHERE tuning = :tuning AND ${where} AND ${sound(history, 'tuning_curve')} ORDER BY first`
  return rows<Piece>(history, text, { tuning, ...values })
}

const stepsIn = ({ steps }: Piece): TuningStep[] => JSON.parse(steps) as TuningStep[]

function putPiece(history: History, tuning: number, steps: readonly TuningStep[], closed: 0 | 1): void {
  const [first, last] = [steps[0], steps.at(-1)]
  if (!first || !last) return
  change(
    history,
    `INSERT OR REPLACE INTO tuning_curve (tuning, first, last, closed, steps)
     VALUES (:tuning, :first, :last, :closed, :steps)`,
    { tuning, first: first.step, last: last.step, closed, steps: JSON.stringify(steps) },
  )
}

function dropPiece(history: History, tuning: number, first: number): void {
  change(history, 'DELETE FROM tuning_curve WHERE tuning = :tuning AND first = :first', { tuning, first })
}
