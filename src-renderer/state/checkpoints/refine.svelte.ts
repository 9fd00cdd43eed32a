// Refining one fine-tuned model beyond its fine-tuning: DV-BASI from that model on its own task. The task is one of
// those being composed, or of a project or a data set taken for it alone; the pre-trained model stands there too, or is
// one of the library. The run being composed stays as it is. The run is checked before it is begun.
import type { Entry } from '../../../src-main/contract/api/library.ts'
import type { Project } from '../../../src-main/contract/api/projects.ts'
import type { ErrorRecord } from '../../../src-main/contract/errors.ts'
import type { RunConfig } from '../../../src-main/contract/run/config.ts'
import type { Estimate, Taken } from '../../../src-main/contract/run/estimate.ts'
import { client, errorOf } from '../../bridge.ts'
import { compose } from '../compose.svelte.ts'
import { checkpoints } from './checkpoints.svelte.ts'
import { type TaskFiles, withModels } from './models.ts'
import { refinementOf, taskFor } from './refinement.ts'

interface Checked {
  of: unknown
  why: string | null // what is wrong
  error: ErrorRecord | null
  taken: Taken | null // null: it cannot be begun
}

/** What a refinement is made of. */
interface Source {
  grant: string | null
  config: Partial<RunConfig> // hardware and reading settings
  pretrained: string
  tasks: RunConfig['tasks']
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
  #measuring = $state(false)
  #taken = $state.raw<Source | null>(null) // for it alone

  /** The run it would be; null while no task is chosen. */
  readonly config = $derived.by((): RunConfig | null => {
    const task = this.tasks.find(({ name }) => name === this.task)
    const pretrained = this.pretrained || this.own
    if (!task || !pretrained || !this.entry) return null
    return refinementOf(this.entry, this.#source.config, task, {
      pretrained,
      iterations: this.iterations,
      epochs: this.epochs,
    })
  })

  get busy() {
    return this.#busy
  }
  get measuring() {
    return this.#measuring
  }
  /** The answer to the settings as they are now; null while they are being checked. */
  get checked() {
    return this.#checked?.of === this.config ? this.#checked : null
  }

  get tasks() {
    return this.#source.tasks
  }
  /** The pre-trained model beside them; "" where there is none. */
  get own() {
    return this.#source.pretrained
  }

  ask(entry: Entry): void {
    this.entry = entry
    this.#taken = null
    this.choose()
    this.open = true
  }

  /** The tasks, the pre-trained model and the settings of a project. */
  adopt({ grant, config }: Project): void {
    this.#taken = { grant, config, pretrained: config.pretrained, tasks: config.tasks }
    this.choose()
  }

  /** A task of a data set, beside those there are. */
  async take(task: TaskFiles): Promise<void> {
    const source = this.#source
    const grant = source.grant ?? (await client.projects.library()).grant
    const { tasks } = withModels({ ...source, vectors: [] }, { tasks: [task] }, (path) => path)
    this.#taken = { ...source, grant, tasks }
    this.choose()
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
    const { grant } = this.#source
    if (!config || grant === null) return
    try {
      const { issues, error, plan, estimate } = await client.config.check({ grant, config })
      const why = issues.map(({ field, message }) => `${field}: ${message}`).join('; ') || null
      const disk = { diskBytes: null, diskFree: null } // a run keeps little
      const taken = plan && { runs: 1, done: 0, estimate, memoryBytes: plan.memoryBytes, ...disk }
      if (config === this.config) this.#checked = { of: config, why, error, taken }
    } catch (thrown) {
      if (config === this.config) this.#checked = { of: config, why: null, error: errorOf(thrown), taken: null }
    }
  }

  /** How long it takes, by its first two steps. */
  async measure(): Promise<void> {
    const { checked } = this
    const { grant } = this.#source
    if (!checked?.taken || grant === null) return
    this.#measuring = true
    try {
      const estimate: Estimate | null = await client.config.measure({ grant, config: checked.of })
      if (this.#checked === checked) this.#checked = { ...checked, taken: { ...checked.taken, estimate } }
    } finally {
      this.#measuring = false
    }
  }

  /** The new run's number; the dialog closes. */
  async begin(): Promise<number> {
    this.#busy = true
    try {
      const { run } = await client.runs.start({ grant: this.#source.grant ?? '', config: this.config })
      this.open = false
      return run
    } finally {
      this.#busy = false
    }
  }

  get #source(): Source {
    if (this.#taken) return this.#taken
    const { pretrained, tasks } = compose.source ?? { pretrained: '', tasks: [] }
    return { grant: compose.grant, config: compose.project?.config ?? {}, pretrained, tasks }
  }
}

export const refine = new Refine()
