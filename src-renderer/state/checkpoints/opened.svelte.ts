// The checkpoint whose page is open: what it is, its values once they are measured, and what it was converted to.
import type { Entry } from '../../../src-main/contract/api/library.ts'
import type { Form, Statistics } from '../../../src-main/contract/checkpoint.ts'
import type { ErrorRecord } from '../../../src-main/contract/errors.ts'
import { client, errorOf } from '../../bridge.ts'
import { checkpoints } from './checkpoints.svelte.ts'
import { LongWork } from './long-work.svelte.ts'

export type Shown = Awaited<ReturnType<typeof client.library.show>>
type Written = NonNullable<Awaited<ReturnType<typeof client.library.convert>>>

class OpenedCheckpoint {
  #shown = $state.raw<Shown | null>(null)
  #failed = $state.raw<ErrorRecord | null>(null)
  #id: number | null = null
  readonly statistics = new LongWork<Statistics>()
  convertDialog = $state(false)
  #converting = $state(false)
  #converted = $state.raw<Written | null>(null)

  get shown() {
    return this.#shown
  }
  get failed() {
    return this.#failed
  }
  get converting() {
    return this.#converting
  }
  get converted() {
    return this.#converted
  }

  async open(id: number): Promise<void> {
    this.close()
    this.#id = id
    await this.reload()
  }

  close(): void {
    this.#id = null
    this.#shown = null
    this.#failed = null
    this.#converted = null
    this.convertDialog = false
    this.statistics.stop()
  }

  /** Reads it again, as when its file has changed. */
  async reload(): Promise<void> {
    const id = this.#id
    if (id === null) return
    try {
      const shown = await client.library.show({ id })
      if (id === this.#id) this.#shown = shown
    } catch (thrown) {
      if (id === this.#id) this.#failed = errorOf(thrown)
    }
  }

  measure(): Promise<void> {
    const id = this.#id
    return id === null
      ? Promise.resolve()
      : this.statistics.begin((signal) => client.library.statistics({ id }, { signal }))
  }

  /** Role (null: as the file says), tags or notes. */
  async describe(change: { role?: Entry['role'] | null; tags?: string[]; notes?: string }): Promise<void> {
    const shown = this.#shown
    if (!shown) return
    const entry = await client.library.describe({ id: shown.id, ...change })
    if (shown.id === this.#id && this.#shown) this.#shown = { ...this.#shown, ...entry }
    await checkpoints.load()
  }

  /** Writes it anew, verified by reading it back; nothing happens where the dialog for a place was closed. */
  async convert(form: Form): Promise<void> {
    const id = this.#id
    if (id === null) return
    this.#converting = true
    try {
      const written = await client.library.convert({ id, form })
      if (id === this.#id && written) {
        this.#converted = written
        this.convertDialog = false
      }
    } finally {
      this.#converting = false
    }
  }
}

export const opened = new OpenedCheckpoint() // as a page
export const beside = new OpenedCheckpoint() // the list
