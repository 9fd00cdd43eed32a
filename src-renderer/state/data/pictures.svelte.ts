// A page of pictures of a split, and pictures asked for by name. Only the newest question is answered on screen.
import type { Preview, WantedPreviews } from '../../../src-main/contract/api/data.ts'
import type { ErrorRecord } from '../../../src-main/contract/errors.ts'
import { client, errorOf } from '../../bridge.ts'

export const onAPage = 48

export class Pictures {
  #images = $state.raw<readonly Preview[]>([])
  #total = $state(0)
  #failed = $state.raw<ErrorRecord | null>(null)
  #busy = $state(false)
  #asked = 0

  get images() {
    return this.#images
  }
  get total() {
    return this.#total
  }
  get failed() {
    return this.#failed
  }
  get busy() {
    return this.#busy
  }

  byName(name: string): Preview | undefined {
    return this.#images.find((image) => image.name === name)
  }

  async ask(id: number, split: string, wanted: WantedPreviews): Promise<void> {
    const mine = ++this.#asked
    this.#busy = true
    try {
      const { images, total } = await client.data.previews({ id, split, wanted })
      if (mine !== this.#asked) return
      this.#images = images
      this.#total = total
      this.#failed = null
    } catch (thrown) {
      if (mine === this.#asked) this.#failed = errorOf(thrown)
    } finally {
      if (mine === this.#asked) this.#busy = false
    }
  }
}
