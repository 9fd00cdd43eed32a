// What is dropped on the window. An exported file leads to its recipe, whatever else it is. In Electron the paths go to
// main by another way (preload), and rows appear; a browser hides paths, so a file is looked for in the library by its
// content.
import { client } from '../../bridge.ts'
import { quickKey, recipeIn } from './dropped.ts'
import { recipe } from './recipe.svelte.ts'

export type Landing = { page: 'recipe' } | { page: 'checkpoint'; id: number } | { page: 'library' }

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

  /** Where what was dropped leads to. `folders`: names of dropped folders, which cannot be read here. */
  async take(files: readonly File[], folders: readonly string[], inElectron: boolean): Promise<Landing> {
    this.#busy = true
    try {
      const [only] = files
      const text = only && files.length === 1 ? await recipeIn(only) : null
      if (only && text !== null) {
        await recipe.open(only.name, text)
        return { page: 'recipe' }
      }
      if (inElectron) return { page: 'library' }
      const found = await Promise.all(files.map(find))
      this.#unknown = [...folders, ...files.filter((_, i) => found[i] === null).map((f) => f.name)]
      const [id] = found
      return files.length === 1 && folders.length === 0 && typeof id === 'number'
        ? { page: 'checkpoint', id }
        : { page: 'library' }
    } finally {
      this.#busy = false
    }
  }
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
