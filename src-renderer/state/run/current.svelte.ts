// The run whose page is open, so that actions know what they act on, and what was exported of it.
import { type Form, formSchema } from '../../../src-main/contract/checkpoint.ts'
import type { Exported } from '../../../src-main/contract/run/recipe.ts'
import { client } from '../../bridge.ts'
import { RunView } from './run.svelte.ts'

class Current {
  #view = $state.raw<RunView | null>(null)
  iteration = $state<number | null>(null) // to export; null: the last accepted
  form = $state<Form>(formSchema.parse({})) // how it is written
  target = $state<string>() // the file, where a browser's page chose one
  confirming = $state(false) // the question before a run is cancelled
  #exported = $state.raw<(Exported & { card: string; download: string | null; cardDownload: string | null }) | null>(
    null,
  )
  #takes = $state.raw<{ bytes: number | null; freeBytes: number | null } | null>(null)
  #exporting = $state(false)
  #stopping = $state(false)

  get view() {
    return this.#view
  }
  get exported() {
    return this.#exported
  }
  /** What the model would take on the disk; null until that is known. */
  get takes() {
    return this.#takes
  }
  get exporting() {
    return this.#exporting
  }
  get stopping() {
    return this.#stopping
  }

  open(run: number): void {
    this.close()
    this.#view = new RunView(run)
  }

  close(): void {
    this.#view?.close()
    this.#view = null
    this.iteration = null
    this.form = formSchema.parse({})
    this.target = undefined
    this.confirming = false
    this.#exported = null
    this.#takes = null
    this.#stopping = false
  }

  /** Asks what an export would take; what is wrong with its place is told when it is exported. */
  async size(): Promise<void> {
    const view = this.#view
    if (!view) return
    const asked = { run: view.run, form: $state.snapshot(this.form), target: this.target }
    const takes = await client.runs.exportTakes(asked).catch(() => null)
    if (this.#view === view) this.#takes = takes
  }

  async export(): Promise<void> {
    if (!this.#view) return
    this.#exporting = true
    try {
      const form = $state.snapshot(this.form)
      this.#exported =
        (await client.runs.export({ run: this.#view.run, iteration: this.iteration, form, target: this.target })) ??
        this.#exported
      this.target = undefined // it is taken now
    } finally {
      this.#exporting = false
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true
    if (this.#view) await client.runs.stop({ run: this.#view.run })
  }

  /** The run goes on in a new engine by itself. */
  async restartEngine(): Promise<void> {
    await client.engine.restart()
  }

  async cancel(): Promise<void> {
    this.confirming = false
    if (this.#view) await client.runs.cancel({ run: this.#view.run })
  }
}

export const current = new Current()
