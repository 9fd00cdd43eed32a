// The models that a recipe names. mergekit takes names of a hub, adapters behind a plus, and folders; Basil downloads
// nothing, so what is no file and no folder here is refused with what it seems to be.
import { dirname, isAbsolute, join, resolve } from 'node:path'

import { BasilError } from '../../../contract/errors.ts'
import { parseJson } from '../../../contract/json.ts'
import { kind } from '../../../files/listing.ts'
import { modelAt } from '../../../files/model-in-folder.ts'
import { readStart } from '../../../files/open.ts'
import { type Reference, unsupported } from './document.ts'

export interface Model {
  file: string
  name: string
  isFolder: boolean
}

/** Seen from the recipe's folder, where that is known. Throws not-supported for what is not here, and file-missing. */
export async function modelOf(recipe: string, reference: Reference): Promise<Model> {
  const text = pathOf(recipe, reference)
  if (!isAbsolute(recipe) && !isAbsolute(text)) throw nowhere(recipe, text)
  const path = resolve(dirname(recipe), text)
  const found = await kind(path)
  if (found === 'missing') throw notHere(recipe, text)
  return { ...(await modelAt(path)), isFolder: found === 'folder' }
}

function pathOf(recipe: string, reference: Reference): string {
  if (typeof reference === 'string') return reference
  const { model, lora, override_architecture: other } = reference
  const path = typeof model === 'string' ? model : model.path
  if (lora !== undefined && lora !== null) throw unsupported(`${recipe}: ${path}`, adapters)
  if (other !== undefined && other !== null)
    throw unsupported(`${recipe}: ${path}`, 'it is to be taken for another architecture, and Basil goes by names alone')
  if (typeof model !== 'string' && typeof model.revision === 'string')
    throw unsupported(`${recipe}: ${path}`, revisions)
  return path
}

const adapters =
  'it is a model with an adapter (LoRA): merge that into its model first, or give it to Basil as one of the models'
const revisions = 'it names a revision of a hub, and Basil downloads nothing'

function nowhere(recipe: string, text: string): BasilError {
  return new BasilError({
    code: 'file-missing',
    what: "A recipe's model cannot be found",
    where: `${recipe}: ${text}`,
    why: 'its path is seen from the folder of the recipe, and of a file that is dropped nobody knows the folder',
    next: 'open the recipe by its path, or write whole paths into it',
  })
}

function notHere(recipe: string, text: string): BasilError {
  const where = `${recipe}: ${text}`
  if (text.includes('+')) return unsupported(where, adapters)
  if (text.includes('@')) return unsupported(where, revisions)
  if (!/^[\w-][\w.-]*\/[\w.-]+$/.test(text))
    return new BasilError({
      code: 'file-missing',
      what: "A recipe's model is missing",
      where,
      why: 'there is no file and no folder of this name, seen from the folder of the recipe',
      next: 'correct its path, or put the model there',
    })
  return new BasilError({
    code: 'not-supported',
    what: "A recipe's model is no folder of this machine",
    where,
    why: 'it looks like a name of a hub, and Basil downloads nothing',
    next: 'download it, and name its folder',
  })
}

const counts = ['num_hidden_layers', 'n_layer', 'n_layers', 'num_layers']

/** Of a model by its configuration; null where that does not say it. */
export async function layersOf({ file }: Model): Promise<number | null> {
  const start = await readStart(join(dirname(file), 'config.json'), 2 ** 20).catch(() => null)
  if (!start?.isWhole) return null
  try {
    const config = parseJson(start.bytes.toString('utf8'))
    return countIn(config) ?? countIn(Object(config).text_config)
  } catch {
    return null
  }
}

function countIn(config: unknown): number | null {
  if (typeof config !== 'object' || config === null) return null
  const found = Object.entries(config).find(([key, value]) => counts.includes(key) && Number.isInteger(value))
  return found ? Number(found[1]) : null
}
