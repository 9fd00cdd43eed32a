// What went wrong and has to be told, newest last, until it is put away.
import type { ErrorRecord } from '../../src-main/contract/errors.ts'
import { errorOf, silence } from '../bridge.ts'

export interface Notice {
  id: number
  error: ErrorRecord
}

class Notices {
  #list = $state.raw<readonly Notice[]>([])
  #next = 1

  get list() {
    return this.#list
  }

  /** Tells of a thrown thing; the same sentence twice in a row is told once. */
  add(thrown: unknown): void {
    const error = errorOf(thrown)
    const same = (n: Notice) => n.error.what === error.what && n.error.why === error.why
    this.#list = [...this.#list.filter((n) => !same(n)), { id: this.#next++, error }].slice(-3)
  }

  close(id: number): void {
    this.#list = this.#list.filter((n) => n.id !== id)
  }

  /** A connection that is back makes its silence old news. */
  answered(): void {
    this.#list = this.#list.filter((n) => n.error.what !== silence)
  }
}

export const notices = new Notices()
