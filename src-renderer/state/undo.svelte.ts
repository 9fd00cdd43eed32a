// What was just taken away and can be brought back: one offer at a time, until it is used, put away or grown old.
const lasts = 30_000 // ms

interface Offer {
  id: number
  text: string // what was done: "3 runs moved to the trash"
  undo: () => void | Promise<void>
  otherwise: (() => void) | undefined
}

class Undo {
  #offer = $state.raw<Offer | null>(null)
  #next = 1
  #timer: ReturnType<typeof setTimeout> | undefined

  get offer() {
    return this.#offer
  }

  /** Takes the place of the offer before. otherwise: done once it is not used, where nothing could be brought back then. */
  give(text: string, undo: () => void | Promise<void>, otherwise?: () => void): void {
    this.close()
    this.#offer = { id: this.#next++, text, undo, otherwise }
    this.hurry()
  }

  /** Does it. */
  async use(): Promise<void> {
    const offer = this.#offer
    clearTimeout(this.#timer)
    this.#offer = null
    await offer?.undo()
  }

  close(): void {
    clearTimeout(this.#timer)
    const offer = this.#offer
    this.#offer = null
    offer?.otherwise?.()
  }

  /** It stays while the pointer or the cursor is on it. */
  hold(): void {
    clearTimeout(this.#timer)
  }

  hurry(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.close(), lasts)
  }
}

export const undo = new Undo()
