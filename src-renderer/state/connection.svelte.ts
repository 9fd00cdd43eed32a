// Whether Basil answers, for the quiet banner; the bridge does the work.
import { createSubscriber } from 'svelte/reactivity'

import { bridge } from '../bridge.ts'

class ConnectionState {
  #subscribe = createSubscriber((update) => bridge.subscribe(update))

  get current() {
    this.#subscribe()
    return bridge.state
  }

  /** Why it is lost; null: not known yet. Refused: the address, not the server, is out of date. */
  get why() {
    this.#subscribe()
    return bridge.failures > 1 ? bridge.why : null
  }

  /** Up to when this page knows what goes on: `now` (ms), or when Basil was last there. */
  known(now: number): number {
    this.#subscribe()
    return bridge.lostAt ?? now
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
