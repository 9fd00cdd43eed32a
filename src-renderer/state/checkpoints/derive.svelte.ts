// What is made of selected rows besides merging them: a LoRA of one fine-tuned model, bases of several.
import type { Entry } from '../../../src-main/contract/api/library.ts'
import type { AdapterAsked, BasesAsked } from '../../../src-main/contract/api/merges.ts'
import { client } from '../../bridge.ts'
import { checkpoints } from './checkpoints.svelte.ts'

class Deriving {
  entry = $state.raw<Entry | null>(null) // that a LoRA is taken out of
  adapter = $state(false) // dialogs
  bases = $state(false)
  #begun = $state.raw<{ job: number; what: string } | null>(null)

  /** The job that was begun last. */
  get begun() {
    return this.#begun
  }

  /** Fine-tuned ones among the selected rows. */
  get models(): Entry[] {
    return checkpoints.chosen.filter(({ role, state }) => state === 'present' && tuned.includes(role))
  }

  /** Pre-trained ones they can come from, a selected one first. */
  get pretrained(): Entry[] {
    const architecture = (this.adapter ? this.entry : this.models[0])?.architecture?.name
    return checkpoints.entries
      .filter((e) => e.role === 'pre-trained' && e.state === 'present' && e.architecture?.name === architecture)
      .sort((a, b) => Number(checkpoints.selected.has(b.id)) - Number(checkpoints.selected.has(a.id)))
  }

  async extract(asked: AdapterAsked): Promise<void> {
    this.#begun = { ...(await client.merges.adapter(asked)), what: 'The LoRA' }
    this.adapter = false
  }

  async findBases(asked: BasesAsked): Promise<void> {
    this.#begun = { ...(await client.merges.bases(asked)), what: 'The bases' }
    this.bases = false
  }

  putAway(): void {
    this.#begun = null
  }
}

const tuned: readonly Entry['role'][] = ['fine-tuned', 'merged', 'unknown']

export const deriving = new Deriving()
