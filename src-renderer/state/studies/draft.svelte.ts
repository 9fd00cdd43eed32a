// A study being written in a dialog: a configuration with some of its controls, or with swept fields, and how many
// seeds. How many runs that makes is asked of Basil, which says what is wrong with it as well.
import { SvelteSet } from 'svelte/reactivity'

import type { ErrorRecord } from '../../../src-main/contract/errors.ts'
import type { ResolvedConfig } from '../../../src-main/contract/run/config.ts'
import type { Taken } from '../../../src-main/contract/run/estimate.ts'
import type { StudyDefinition } from '../../../src-main/contract/run/study.ts'
import { client, errorOf } from '../../bridge.ts'
import { configOfRun } from '../run/config-of-run.ts'

export type Sweep = NonNullable<StudyDefinition['sweep']>
interface Planned {
  of: unknown
  runs: number | null
  error: ErrorRecord | null
  taken: Taken | null // by all of them, which may come later
}

const usualSeeds = 3

class StudyDraft {
  controls = $state(false) // which dialog is open
  what = $state<'controls' | 'adaptation' | 'file'>('controls') // that the first dialog is of
  sweeping = $state(false)
  name = $state('')
  seeds = $state(usualSeeds)
  sweep = $state.raw<Sweep | null>(null) // null: nothing to sweep yet
  place = $state('') // a cluster's name; '': this machine
  readonly off = new SvelteSet<string>() // controls left out
  #grant = ''
  #base = $state.raw<StudyDefinition | null>(null)
  #planned = $state.raw<Planned | null>(null)
  #busy = $state(false)

  /** What would be started; null while there is nothing to vary. */
  readonly definition = $derived.by(() => {
    const base = this.#base
    if (!base || (this.sweeping && !this.sweep)) return null
    const first = base.config.seed ?? 0
    return {
      ...base,
      name: this.name || base.name,
      arms: base.arms.filter((arm) => !this.off.has(arm.label)),
      ...(this.sweep && { sweep: this.sweep }),
      seeds: this.what === 'file' ? base.seeds : Array.from({ length: this.seeds }, (_, i) => first + i),
    }
  })

  /** The arms that could be had; the first is the method itself. */
  get arms(): string[] {
    return [...new Set((this.#base?.arms ?? []).map(({ label }) => label))]
  }
  get busy() {
    return this.#busy
  }
  /** The answer to the study as it is now; null while it is being asked. */
  get planned() {
    return this.#planned?.of === this.definition ? this.#planned : null
  }

  /** Opens the dialog of controls for a configuration of dv-basi. */
  async withControls(grant: string, config: unknown): Promise<void> {
    this.#take(grant, await client.studies.controls({ config }))
    this.controls = true
  }

  /** The same for a run's own settings and files, whatever project is open. */
  async withControlsOf(run: number, config: ResolvedConfig): Promise<void> {
    const { grant } = await client.projects.ofRun({ run })
    await this.withControls(grant, configOfRun(config, ''))
  }

  /** Opens the dialog of an adaptation to each task. */
  async withAdaptation(grant: string, config: unknown): Promise<void> {
    this.#take(grant, await client.studies.adaptation({ config }), 'adaptation')
    this.controls = true
  }

  /** Opens the dialog of a study that is a file, with the seeds that it names. */
  async withFile(path: string): Promise<void> {
    const { grant, definition } = await client.studies.open({ path })
    this.#take(grant, definition, 'file')
    this.controls = true
  }

  /** The same of a file that was dropped. */
  async withText(name: string, text: string): Promise<void> {
    const { grant, definition } = await client.studies.take({ name, text })
    this.#take(grant, definition, 'file')
    this.controls = true
  }

  /** Opens the dialog of sweeps. */
  withSweep(grant: string, config: StudyDefinition['config']): void {
    this.#take(grant, {
      name: `Sweep of ${config.name ?? config.method}`.slice(0, 200),
      config,
      change: {},
      arms: [],
      seeds: [0],
    })
    this.sweeping = true
  }

  #take(grant: string, base: StudyDefinition, what: typeof this.what = 'controls'): void {
    this.what = what
    this.#grant = grant
    this.#base = base
    this.name = base.name
    this.sweep = null
    this.seeds = usualSeeds
    this.off.clear()
    this.#planned = null
    this.place = ''
    this.controls = false
    this.sweeping = false
  }

  /** Asks how many runs it has; the answer to an older one is dropped. */
  async plan(): Promise<void> {
    const of = this.definition
    if (of === null) return
    try {
      const { runs } = await client.studies.plan({ grant: this.#grant, definition: of })
      if (of !== this.definition) return
      this.#planned = { of, runs: runs.length, error: null, taken: null }
      // why it cannot be told is told when it is begun
      const taken = await client.studies.estimate({ grant: this.#grant, definition: of }).catch(() => null)
      if (this.#planned?.of === of) this.#planned = { ...this.#planned, taken }
    } catch (thrown) {
      if (of === this.definition) this.#planned = { of, runs: null, error: errorOf(thrown), taken: null }
    }
  }

  /** What a dialog for another place is given; this one closes. */
  takeElsewhere(): { grant: string; definition: unknown } {
    this.controls = false
    this.sweeping = false
    return { grant: this.#grant, definition: this.definition }
  }

  /** The new study's number; the dialog closes. */
  async begin(): Promise<number> {
    this.#busy = true
    try {
      const { study } = await client.studies.start({ grant: this.#grant, definition: this.definition })
      this.controls = false
      this.sweeping = false
      return study
    } finally {
      this.#busy = false
    }
  }
}

export const draft = new StudyDraft()
