// Refining one fine-tuned model beyond its fine-tuning: DV-BASI from that model on its own task. The task is one of the open project's; the
// pre-trained model the project's own or one of the library. What the run would be is checked before it is begun.
import type { Project } from '../../../src-main/contract/api/api.ts'
import type { Entry } from '../../../src-main/contract/api/library.ts'
import type { RunConfig } from '../../../src-main/contract/config.ts'
import type { ErrorRecord } from '../../../src-main/contract/errors.ts'
import { client, errorOf } from '../../bridge.ts'
import { workbench } from '../workbench.svelte.ts'
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
  pretrained = $state('') // a path; "": the project's own
  iterations = $state(3)
  epochs = $state(4)
  #checked = $state.raw<Checked | null>(null)
  #busy = $state(false)

  /** The run it would be; null while no project is open or no task is chosen. */
  readonly config = $derived.by((): RunConfig | null => {
    const { project } = workbench
    const task = project?.config.tasks.find(({ name }) => name === this.task)
    if (!project || !task || !this.entry) return null
    return refinementOf(this.entry, project.config, task, {
      pretrained: this.pretrained || project.config.pretrained,
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

  ask(entry: Entry): void {
    this.entry = entry
    this.pretrained = ''
    this.choose(workbench.project)
    this.open = true
  }

  /** Its task in a project just opened, as far as names tell. */
  choose(project: Project | null): void {
    this.task = (project && this.entry && taskFor(this.entry, project.config.tasks)) ?? ''
  }

  /** Pre-trained models of the library that the model can belong to. */
  get bases(): Entry[] {
    const architecture = this.entry?.architecture?.name
    return checkpoints.entries.filter((e) => e.role === 'pre-trained' && e.state === 'present' && e.architecture?.name === architecture)
  }

  async check(): Promise<void> {
    const { config } = this
    const grant = workbench.project?.grant
    if (!config || grant === undefined) return
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
      const { run } = await client.runs.start({ grant: workbench.project?.grant ?? '', config: this.config })
      this.open = false
      return run
    } finally {
      this.#busy = false
    }
  }
}

export const refine = new Refine()
