// The checkpoint whose page is open: what it is, its values once they are measured, and what it was converted to.
import type { Entry } from '../../../src-main/contract/api/library.ts'
import type { Form, Statistics, TensorValues } from '../../../src-main/contract/checkpoint.ts'
import type { ErrorRecord } from '../../../src-main/contract/errors.ts'
import type { Verified } from '../../../src-main/contract/merges/verify.ts'
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
  readonly values = new LongWork<TensorValues>() // of the tensor that is looked into
  readonly following = new LongWork<Verified>() // of the recipe in it
  #spread = $state.raw<TensorValues['spread']>(null)
  #tensor = $state('')
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
    if (id === this.#id && (this.#shown?.measured ?? null) !== null) void this.measure() // what is kept comes at once
  }

  close(): void {
    this.#id = null
    this.#shown = null
    this.#failed = null
    this.#converted = null
    this.convertDialog = false
    this.statistics.stop()
    this.following.stop()
    this.lookAway()
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

  /** Says then that they are kept, too. */
  async measure(): Promise<void> {
    const id = this.#id
    if (id === null) return
    await this.statistics.begin((signal) => client.library.statistics({ id }, { signal }))
    const isNew = (this.#shown?.measured ?? null) === null
    if (id === this.#id && this.statistics.result && isNew) await this.reload()
  }

  /** Whether it is what the recipe in it gives. */
  follow(): Promise<void> {
    const id = this.#id
    return id === null ? Promise.resolve() : this.following.begin((signal) => client.library.verify({ id }, { signal }))
  }

  /** The tensor that is looked into; "": none. */
  get tensor() {
    return this.#tensor
  }
  /** How its values are spread; null until that is known. */
  get spread() {
    return this.#spread
  }

  /** Values of a tensor from a place on; how they are spread is read with the first. */
  async look(tensor: string, offset: number, count: number): Promise<void> {
    const id = this.#id
    if (id === null) return
    const isNew = tensor !== this.#tensor
    if (isNew) this.#spread = null
    this.#tensor = tensor
    const part = { id, tensor, offset, count, spread: isNew || this.#spread === null }
    await this.values.begin((signal) => client.library.tensor(part, { signal }))
    if (tensor === this.#tensor) this.#spread = this.values.result?.spread ?? this.#spread
  }

  lookAway(): void {
    this.#tensor = ''
    this.#spread = null
    this.values.stop()
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
  async convert(form: Form, target?: string): Promise<void> {
    const id = this.#id
    if (id === null) return
    this.#converting = true
    try {
      const written = await client.library.convert({ id, form, target })
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
