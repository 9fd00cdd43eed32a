// Keeps what was found out of files many at a time: a commit takes milliseconds.
import { type History, recoverable } from '../../history/statement.ts'

/** What is to be kept of one file. */
export type Outcome = () => void

export interface Ledger {
  put(outcome: Outcome): void
  /** All that was put and is not kept yet. */
  keep(): void
}

const every = 200 // ms

/** kept: told of every commit. Once isClosed says so, nothing is kept any more. */
export function createLedger(history: History, kept: () => void, isClosed: () => boolean): Ledger {
  let outcomes: Outcome[] = []
  let last = performance.now()
  const keep = (): void => {
    const whole = outcomes
    outcomes = []
    last = performance.now()
    if (whole.length === 0 || isClosed()) return
    recoverable(history, () => {
      for (const outcome of whole) outcome()
    })
    kept()
  }
  const put = (outcome: Outcome): void => {
    outcomes.push(outcome)
    if (performance.now() - last > every) keep()
  }
  return { put, keep }
}
