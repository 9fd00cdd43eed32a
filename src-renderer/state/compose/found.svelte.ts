// What was opened and is no configuration: what it is instead, and what can be done with it.
import type { Recognised } from '../../../src-main/contract/api/projects.ts'
import { client } from '../../bridge.ts'

class Found {
  #place = $state.raw<Recognised | null>(null)

  get place() {
    return this.#place
  }

  /** Whatever it is; what has a page of its own is not kept here. */
  async look(path: string): Promise<Recognised> {
    const place = await client.projects.recognise({ path })
    this.#place = ['configuration', 'study', 'mergekit', 'exported'].includes(place.kind) ? null : place
    return place
  }

  close(): void {
    this.#place = null
  }
}

export const found = new Found()
