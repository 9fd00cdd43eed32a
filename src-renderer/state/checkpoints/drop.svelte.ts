// What is dropped on the window. An exported file leads to its recipe, whatever else it is; data lead to their page,
// and what Basil has no use for is named. In Electron the paths go to main by another way (preload), and rows appear;
// a browser hides paths, so a file is looked for in the library by its content.
import { BasilError } from '../../../src-main/contract/errors.ts'
import { client } from '../../bridge.ts'
import { kindOf, kindOfFolder, quickKey, recipeIn } from './dropped.ts'
import { recipe } from './recipe.svelte.ts'

export type Landing = { page: 'recipe' } | { page: 'checkpoint'; id: number } | { page: 'library' } | { page: 'data' }

export interface DroppedFolder {
  name: string
  names: readonly string[] // of what is in it, as far as they were read
}

class Drop {
  over = $state(false) // files are held above the window
  #busy = $state(false)
  #unknown = $state.raw<readonly string[]>([]) // names of dropped things whose place nobody can tell

  get busy() {
    return this.#busy
  }
  get unknown() {
    return this.#unknown
  }

  forget(): void {
    this.#unknown = []
  }

  /** Where what was dropped leads to; null: nowhere, which main has said. */
  async take(files: readonly File[], folders: readonly DroppedFolder[], inElectron: boolean): Promise<Landing | null> {
    this.#busy = true
    try {
      const [only] = files
      const text = only && files.length === 1 ? await recipeIn(only) : null
      if (only && text !== null) {
        await recipe.open(only.name, text)
        return { page: 'recipe' }
      }
      const kinds = [...(await Promise.all(files.map(kindOf))), ...folders.map(({ names }) => kindOfFolder(names))]
      const page = kinds.every(({ kind }) => kind === 'data') ? ('data' as const) : ('library' as const)
      const [stranger] = kinds.flatMap((one) => (one.kind === 'nothing' ? [one.words] : []))
      const isUseless = kinds.every(({ kind }) => kind === 'nothing')
      if (inElectron) return isUseless ? null : { page }
      if (stranger && isUseless) throw useless(files[0]?.name ?? '', stranger)
      const found = await Promise.all(files.map(find))
      this.#unknown = [
        ...folders.map(({ name }) => name),
        ...files.filter((_, i) => found[i] === null).map((f) => f.name),
      ]
      const [id] = found
      return files.length === 1 && folders.length === 0 && typeof id === 'number'
        ? { page: 'checkpoint', id }
        : { page }
    } finally {
      this.#busy = false
    }
  }
}

function useless(where: string, words: string): BasilError {
  const why = 'it is no checkpoint, no configuration and no data'
  return new BasilError({ code: 'format-unknown', what: `This is ${words}`, where, why, next: 'drop one of those' })
}

async function find(file: File): Promise<number | null> {
  const { id } = await client.library.find({
    bytes: file.size,
    modified: file.lastModified,
    quick: await quickKey(file),
  })
  return id
}

export const drop = new Drop()
