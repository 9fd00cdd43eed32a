// The mix that is on screen, so that actions know what they act on: one at a time, as the engine has one.
import type { WantedMix } from '../../../src-main/contract/api/mix.ts'
import { LiveMix } from './live-mix.svelte.ts'

class CurrentMix {
  #view = $state.raw<LiveMix | null>(null)

  get view() {
    return this.#view
  }

  /** Another takes the place of the one before. */
  open(of: WantedMix): LiveMix {
    this.close()
    const view = new LiveMix(of)
    this.#view = view
    void view.open()
    return view
  }

  close(): void {
    this.#view?.close()
    this.#view = null
  }
}

export const currentMix = new CurrentMix()
