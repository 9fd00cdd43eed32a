// The engine as its page shows it: what is installed and in use, the devices, and an installation as it goes. It lives
// as long as the window, so that an installation goes on while other pages are shown.
import type { EngineChoice } from '../../src-main/contract/api/engines.ts'
import type { InstallEvent, NativeKind, NativeStatus } from '../../src-main/contract/api/native.ts'
import type { ErrorRecord } from '../../src-main/contract/errors.ts'
import { client, errorOf } from '../bridge.ts'
import { workbench } from './workbench.svelte.ts'

type Step = Extract<InstallEvent, { type: 'step' }>

class EngineState {
  #status = $state.raw<NativeStatus | null>(null)
  #installing = $state.raw<NativeKind | null>(null)
  #step = $state.raw<Step | null>(null)
  #error = $state.raw<ErrorRecord | null>(null) // why the last installation ended early
  #measuring = $state<string | null>(null) // what is tried now
  #leaving: AbortController | null = null
  confirming = $state(false) // the question before the engine is removed

  get status() {
    return this.#status
  }
  get installing() {
    return this.#installing
  }
  get step() {
    return this.#step
  }
  get measuring() {
    return this.#measuring
  }
  get error() {
    return this.#error
  }

  /** Reads afresh; a second time when the engine's process has started and can say what it is. */
  async load(): Promise<void> {
    this.#status = await client.engine.status()
    await workbench.load()
    this.#status = await client.engine.status()
  }

  async install(kind: NativeKind): Promise<void> {
    const leaving = new AbortController()
    this.#leaving = leaving
    this.#installing = kind
    this.#error = null
    try {
      const events = await client.engine.install({ kind }, { signal: leaving.signal })
      for await (const event of events) if (event.type === 'step') this.#step = event
    } catch (thrown) {
      if (!leaving.signal.aborted) this.#error = errorOf(thrown)
    } finally {
      this.#installing = null
      this.#step = null
      this.#leaving = null
    }
    await this.load()
  }

  /** What was downloaded whole is kept. */
  cancel(): void {
    this.#leaving?.abort()
  }

  async remove(): Promise<void> {
    this.confirming = false
    await client.engine.remove()
    await this.load()
  }

  /** From the engine's next start on, which is now. */
  async use(engine: EngineChoice): Promise<void> {
    this.#status = await client.engine.use({ engine })
    await this.load()
  }

  /** Tries all that is here, which takes some seconds an engine. */
  async measure(): Promise<void> {
    this.#measuring = 'Beginning'
    try {
      for await (const event of await client.engine.measure())
        if (event.type === 'progress') this.#measuring = event.what
    } finally {
      this.#measuring = null
    }
    await this.load()
  }

  async choose(device: string): Promise<void> {
    this.#status = await client.engine.choose({ device })
    await this.load()
  }

  closeError(): void {
    this.#error = null
  }
}

export const engine = new EngineState()
