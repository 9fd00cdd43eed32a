// Whether Basil answers, for the quiet banner; the bridge does the work.
import { createSubscriber } from 'svelte/reactivity'

import { bridge } from '../bridge.ts'

class ConnectionState {
  #subscribe = createSubscriber((update) => bridge.subscribe(update))

  get current() {
    this.#subscribe()
    return bridge.state
  }

  /** A link that was never accepted: the address, not the server, is out of date. */
  get refused() {
    this.#subscribe()
    return !bridge.everOpen && bridge.failures > 2
  }

  retry(): void {
    bridge.connect()
  }

  /** Resolves when there is a connection again. */
  async returned(): Promise<void> {
    while (bridge.state !== 'open') await new Promise<void>((resolve) => this.#once(resolve))
  }

  #once(resolve: () => void): void {
    const stop = bridge.subscribe(() => {
      stop()
      resolve()
    })
  }
}

export const connection = new ConnectionState()
