// What went wrong and has to be told, newest last. A notice goes when it is put away, when what it tells of is tried
// again, when the page changes, and when its cause is gone; of one action, and of one sentence, there is never a
// second.
import type { ErrorRecord } from '../../src-main/contract/errors.ts'
import { errorOf, silence } from '../bridge.ts'

export interface Notice {
  id: number
  error: ErrorRecord
  of: string | null // the action that failed
}

const most = 3

export class Notices {
  #list = $state.raw<readonly Notice[]>([])
  #next = 1

  get list() {
    return this.#list
  }

  /** Tells of a thrown thing. */
  add(thrown: unknown, of: string | null = null): void {
    const error = errorOf(thrown)
    const isSame = (n: Notice) => (of !== null && n.of === of) || n.error.what === error.what
    this.#list = [...this.#list.filter((n) => !isSame(n)), { id: this.#next++, error, of }].slice(-most)
  }

  close(id: number): void {
    this.#list = this.#list.filter((n) => n.id !== id)
  }

  /** The action is tried again: what it said before is old. */
  begun(of: string): void {
    if (this.#list.some((n) => n.of === of)) this.#list = this.#list.filter((n) => n.of !== of)
  }

  /** Another page is shown: what was told belongs to the one before. */
  turned(): void {
    this.#list = []
  }

  /** A connection that is back makes its silence old news. */
  answered(): void {
    this.#list = this.#list.filter((n) => n.error.what !== silence)
  }
}

export const notices = new Notices()
