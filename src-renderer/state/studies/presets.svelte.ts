// The paper's tables as studies: which are offered and by which protocols, and of the chosen one what the library and
// the data sets still lack. Everything is found by name among what was added there; nothing is started before it was
// listed.
import type { ErrorRecord } from '../../../src-main/contract/errors.ts'
import type { Taken } from '../../../src-main/contract/run/estimate.ts'
import { client, errorOf } from '../../bridge.ts'

type PresetList = Awaited<ReturnType<typeof client.studies.presets>>
type Filled = Awaited<ReturnType<typeof client.studies.fill>>
interface Wanted {
  name: string
  protocol: string
  model: string
  seeds: number
}
interface Answer {
  of: string
  taken: Taken | null // which may come later; null: why not is told when it is begun
  estimating: boolean
  filled: Filled | null
  error: ErrorRecord | null
}

const usualModel = 'ViT-B-32'

class Presets {
  open = $state(false)
  wanted = $state<Wanted>({ name: '', protocol: 'strict', model: usualModel, seeds: 1 })
  #list = $state.raw<PresetList | null>(null)
  #answer = $state.raw<Answer | null>(null)
  #busy = $state(false)

  get list() {
    return this.#list
  }
  get busy() {
    return this.#busy
  }
  /** The answer to what is wanted now; null while it is being looked for. */
  get answer() {
    return this.#answer?.of === JSON.stringify(this.wanted) ? this.#answer : null
  }

  async ask(): Promise<void> {
    this.#list = await client.studies.presets()
    this.#answer = null
    const { presets, models } = this.#list
    this.wanted.name ||= presets[0]?.name ?? ''
    if (!models.includes(this.wanted.model)) this.wanted.model = models[0] ?? usualModel
    this.open = true
  }

  /** Looks for everything it needs; the answer to an older wish is dropped. */
  async fill(): Promise<void> {
    const wanted = $state.snapshot(this.wanted)
    const of = JSON.stringify(wanted)
    try {
      const filled = await client.studies.fill(wanted)
      if (of !== JSON.stringify(this.wanted)) return
      const { definition } = filled
      this.#answer = { of, filled, error: null, taken: null, estimating: definition !== null }
      if (definition) await this.#estimate(of, definition)
    } catch (thrown) {
      if (of === JSON.stringify(this.wanted))
        this.#answer = { of, filled: null, error: errorOf(thrown), taken: null, estimating: false }
    }
  }

  async #estimate(of: string, definition: unknown): Promise<void> {
    const ask = async () => client.studies.estimate({ grant: (await client.projects.library()).grant, definition })
    const taken = await ask().catch(() => null)
    if (this.#answer?.of === of) this.#answer = { ...this.#answer, taken, estimating: false }
  }

  /** The new study's number; the dialog closes. */
  async begin(): Promise<number> {
    this.#busy = true
    try {
      const { grant } = await client.projects.library()
      const { study } = await client.studies.start({ grant, definition: this.answer?.filled?.definition })
      this.open = false
      return study
    } finally {
      this.#busy = false
    }
  }
}

export const presets = new Presets()
