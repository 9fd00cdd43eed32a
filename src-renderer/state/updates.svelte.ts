// Newer versions of the program as the page Settings shows them; whether Basil looks by itself is a choice of this
// window, and off until somebody turns it on.
import { z } from 'zod'

import { lookingKey, type UpdatesShown } from '../../src-main/contract/api/updates.ts'
import { client } from '../bridge.ts'
import { choice } from './remembered.svelte.ts'

class UpdatesState {
  #shown = $state.raw<UpdatesShown | null>(null)
  readonly looking = choice(lookingKey, z.boolean(), false)

  get shown() {
    return this.#shown
  }

  /** What is shown follows until the signal ends it. */
  async follow(signal: AbortSignal): Promise<void> {
    for await (const shown of await client.updates.watch(undefined, { signal })) this.#shown = shown
  }

  async look(): Promise<void> {
    this.#shown = await client.updates.look()
  }

  async fetch(): Promise<void> {
    this.#shown = await client.updates.fetch()
  }
}

export const updates = new UpdatesState()
