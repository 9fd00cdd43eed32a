// Choices of the window that are found again after a reload or a restart, kept in the data folder: the address of the
// page changes with each start, and what a browser keeps belongs to an address.
import type { z } from 'zod'

import type { Preferences } from '../../src-main/contract/api/preferences.ts'
import { client } from '../bridge.ts'

const rest = 400 // ms after the last change until it is kept

class Remembered {
  #all = $state.raw<Preferences>({})
  #loaded = $state(false)
  #waiting = new Map<string, ReturnType<typeof setTimeout> | undefined>() // undefined: until what is kept was read

  /** False until what is kept was read: until then every choice is its fallback. */
  get loaded() {
    return this.#loaded
  }

  value(key: string): unknown {
    return this.#all[key]
  }

  /** What was chosen before this returned stays. */
  async load(): Promise<void> {
    const kept = await client.preferences.all()
    const changed = Object.fromEntries([...this.#waiting.keys()].map((key) => [key, this.#all[key] ?? null]))
    this.#all = { ...kept, ...changed }
    this.#loaded = true
    for (const key of this.#waiting.keys()) this.#wait(key)
  }

  /**
   * Shown at once, kept when changes rest and what was kept before is read; null forgets. A failure to keep is told by
   * the next load alone.
   */
  set(key: string, value: Preferences[string]): void {
    this.#all = { ...this.#all, [key]: value }
    this.#wait(key)
  }

  /** Keeps what still rests: the page is being left. */
  flush(): void {
    if (this.#loaded) for (const key of [...this.#waiting.keys()]) this.#keep(key)
  }

  #wait(key: string): void {
    clearTimeout(this.#waiting.get(key))
    this.#waiting.set(key, this.#loaded ? setTimeout(() => this.#keep(key), rest) : undefined)
  }

  #keep(key: string): void {
    clearTimeout(this.#waiting.get(key))
    this.#waiting.delete(key)
    void client.preferences.keep({ key, value: this.#all[key] ?? null }).catch(() => undefined)
  }
}

export const remembered = new Remembered()

export interface Choice<T> {
  value: T
}

/** One choice: `const columns = choice('history.columns', z.array(z.string()), [])`, then columns.value, read or set. */
export function choice<T extends Preferences[string]>(key: string, schema: z.ZodType<T>, fallback: T): Choice<T> {
  return {
    get value() {
      const found = schema.safeParse(remembered.value(key))
      return found.success ? found.data : fallback
    },
    set value(value) {
      remembered.set(key, value)
    },
  }
}
