// Refining one fine-tuned model beyond its fine-tuning: DV-BASI from that model on its own task. The task is one of
// those being composed, of the open project or made of a data set; the pre-trained model stands there too, or is one of
// the library. The run is checked before it is begun.
import type { Entry } from '../../../src-main/contract/api/library.ts'
import type { ErrorRecord } from '../../../src-main/contract/errors.ts'
import type { RunConfig } from '../../../src-main/contract/run/config.ts'
import { client, errorOf } from '../../bridge.ts'
import { compose } from '../compose.svelte.ts'
import { checkpoints } from './checkpoints.svelte.ts'
import { refinementOf, taskFor } from './refinement.ts'

interface Checked {
  of: unknown
  why: string | null // what is wrong
  error: ErrorRecord | null
}

class Refine {
  open = $state(false)
  entry = $state.raw<Entry | null>(null) // the model to refine
  task = $state('')
  pretrained = $state('') // a path; "": the one being composed with
  iterations = $state(3)
  epochs = $state(4)
  #checked = $state.raw<Checked | null>(null)
  #busy = $state(false)

  /** The run it would be; null while no task is chosen. */
  readonly config = $derived.by((): RunConfig | null => {
    const task = this.tasks.find(({ name }) => name === this.task)
    const pretrained = this.pretrained || this.own
    if (!task || !pretrained || !this.entry) return null
    return refinementOf(this.entry, compose.project?.config ?? {}, task, {
      pretrained,
      iterations: this.iterations,
      epochs: this.epochs,
    })
  })

  get busy() {
    return this.#busy
  }
  /** The answer to the settings as they are now; null while they are being checked. */
  get checked() {
    return this.#checked?.of === this.config ? this.#checked : null
  }

  /** Those being composed. */
  get tasks() {
    return compose.source?.tasks ?? []
  }
  /** The pre-trained model being composed with; "" where there is none. */
  get own() {
    return compose.source?.pretrained ?? ''
  }

  ask(entry: Entry): void {
    this.entry = entry
    this.choose()
    this.open = true
  }

  /** Its task and pre-trained model, as far as names tell. */
  choose(): void {
    this.task = (this.entry && taskFor(this.entry, this.tasks)) ?? ''
    this.pretrained = this.own ? '' : (this.bases[0]?.path ?? '')
  }

  /** Pre-trained models of the library that the model can belong to. */
  get bases(): Entry[] {
    const architecture = this.entry?.architecture?.name
    return checkpoints.entries.filter(
      (e) => e.role === 'pre-trained' && e.state === 'present' && e.architecture?.name === architecture,
    )
  }

  async check(): Promise<void> {
    const { config } = this
    const { grant } = compose
    if (!config || grant === null) return
    try {
      const { issues, error } = await client.config.check({ grant, config })
      const why = issues.map(({ field, message }) => `${field}: ${message}`).join('; ') || null
      if (config === this.config) this.#checked = { of: config, why, error }
    } catch (thrown) {
      if (config === this.config) this.#checked = { of: config, why: null, error: errorOf(thrown) }
    }
  }

  /** The new run's number; the dialog closes. */
  async begin(): Promise<number> {
    this.#busy = true
    try {
      const { run } = await client.runs.start({ grant: compose.grant ?? '', config: this.config })
      this.open = false
      return run
    } finally {
      this.#busy = false
    }
  }
}

export const refine = new Refine()
