// Every fine-tuning, newest first, and how the list of them is looked at.
import { z } from 'zod'

import type { ErrorRecord } from '../../../src-main/contract/errors.ts'
import type { TuningDetail, TuningSummary } from '../../../src-main/contract/tuning/tuning.ts'
import { client, errorOf } from '../../bridge.ts'
import { choice } from '../remembered.svelte.ts'
import { arranged, type Order, type SortKey, sortKeys } from './arrange.ts'

const order = choice<Order & Record<string, string | boolean>>(
  'tunings.order',
  z.object({ key: z.enum(sortKeys), down: z.boolean() }),
  { key: 'tuning', down: true },
)

class Tunings {
  #rows = $state.raw<readonly TuningSummary[] | null>(null) // null until it was read
  #failed = $state.raw<ErrorRecord | null>(null)
  #hidden = $state.raw<ReadonlySet<number>>(new Set()) // that are forgotten once nobody wants them back
  search = $state('')

  #there = $derived(this.#rows?.filter(({ tuning }) => !this.#hidden.has(tuning)) ?? null)
  #shown = $derived(arranged(this.#there ?? [], this.search, order.value))

  get rows() {
    return this.#there
  }
  get shown() {
    return this.#shown
  }
  get failed() {
    return this.#failed
  }
  get order(): Order {
    return order.value
  }

  of(tuning: number): TuningSummary | undefined {
    return this.#rows?.find((row) => row.tuning === tuning)
  }

  /** By this; a second time the other way round. */
  sortBy(key: SortKey): void {
    const before = order.value
    order.value = { key, down: before.key === key ? !before.down : key === 'tuning' || key === 'created' }
  }

  /** Never rejects. */
  async load(): Promise<void> {
    try {
      this.#rows = await client.tunings.list()
      this.#failed = null
    } catch (thrown) {
      this.#failed = errorOf(thrown)
    }
  }

  /** It is in the list no more, or again. */
  hide(tuning: number, isHidden: boolean): void {
    const others = [...this.#hidden].filter((one) => one !== tuning)
    this.#hidden = new Set(isHidden ? [...others, tuning] : others)
  }

  /** For good; where that is refused it is in the list again. Its model stays. */
  async forget(tuning: number): Promise<void> {
    try {
      await client.tunings.forget({ tuning })
      await this.load()
    } finally {
      this.hide(tuning, false)
    }
  }
}

export const tunings = new Tunings()

/** In this order. */
export function readDetails(numbers: readonly number[]): Promise<TuningDetail[]> {
  return Promise.all(numbers.map((tuning) => client.tunings.show({ tuning })))
}
