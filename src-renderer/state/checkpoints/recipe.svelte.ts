// The recipe of an exported file that was dropped: what it was made of, and which of that is here.
import type { Reopened } from '../../../src-main/contract/api/library.ts'
import { client } from '../../bridge.ts'

class RecipeState {
  #name = $state('') // of the dropped file
  #reopened = $state.raw<Reopened | null>(null)

  get name() {
    return this.#name
  }
  get reopened() {
    return this.#reopened
  }

  /** `recipe`: the text of "basil.recipe". */
  async open(name: string, recipe: string): Promise<void> {
    this.#reopened = await client.library.reopen({ recipe })
    this.#name = name
  }

  /** Asks again which of the parents are here. */
  async again(): Promise<void> {
    if (this.#reopened) this.#reopened = await client.library.reopen({ recipe: JSON.stringify(this.#reopened.recipe) })
  }
}

export const recipe = new RecipeState()
