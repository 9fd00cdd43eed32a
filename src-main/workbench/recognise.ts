// What lies at a place that a person named: a configuration, a checkpoint or a folder of them, data, a model that Basil
// wrote, or something that it has no use for, which is then said. By names and the first bytes alone; what is in a file
// is read by whoever opens it.
import { type Dirent, statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'

import type { Recognised } from '../contract/api/projects.ts'
import { isCheckpointName, isDataName, strangerIn } from '../contract/file-names.ts'
import { isMeantAsStudy } from '../contract/run/study.ts'
import { readStart } from '../files/open.ts'
import { isMeantAsConfig, parseWritten } from './written.ts'

const deepest = 4
const most = 5000 // names looked at
const start = 2 ** 20 // bytes read of a file

/** Throws file-missing, file-unreadable. */
export async function recognise(path: string): Promise<Recognised> {
  if (isFolder(path)) return inFolder(path)
  const { bytes, isWhole } = await readStart(path, start)
  const as = (kind: Recognised['kind'], words: string, recipe: string | null = null): Recognised => ({
    ...{ kind, words, path, recipe },
  })
  if (bytes.length === 0) return as('nothing', 'an empty file')
  const recipe = recipeIn(bytes)
  if (recipe !== null) return as('exported', 'a model that Basil wrote', recipe)
  if (isCheckpointName(path) || isCheckpoint(bytes)) return as('checkpoint', 'a checkpoint')
  if (isDataName(path) && !/\.(jpe?g|png|webp|bmp|gif|ppm|tiff?)$/i.test(path)) return as('data', 'a data set')
  if (/\.(json|ya?ml)$/i.test(path) && isWhole) return ofText(bytes.toString('utf8'), path, as)
  const words = strangerIn(bytes.toString('latin1', 0, 20))
  if (words) return as('nothing', words)
  const isText = !bytes.subarray(0, 2000).includes(0)
  return as('nothing', `${isText ? 'a text file' : 'a file'} that ends in "${extname(path) || basename(path)}"`)
}

/** What else is wrong with the place is told by who reads it: its name may be one that no file can have. */
function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

function ofText(text: string, path: string, as: (kind: Recognised['kind'], words: string) => Recognised): Recognised {
  try {
    const found = parseWritten(text, path)
    if (isMeantAsConfig(found)) return as('configuration', 'a configuration')
    const has = (field: string): boolean => typeof found === 'object' && found !== null && Object.hasOwn(found, field)
    if (isMeantAsStudy(found)) return as('study', 'the definition of a study')
    if (has('merge_method')) return as('mergekit', 'a recipe of mergekit')
    return as('nothing', 'JSON or YAML that has none of the fields of a configuration')
  } catch (error) {
    return as('nothing', `JSON or YAML with a mistake in it (${error instanceof Error ? error.message : error})`)
  }
}

/** A safetensors header, a zip as PyTorch writes it, a pickle, NumPy's arrays. */
function isCheckpoint(bytes: Buffer): boolean {
  const header = bytes.length > 9 ? Number(bytes.readBigUInt64LE(0)) : 0
  if (header > 2 && header < 2 ** 27 && bytes[8] === 0x7b) return true
  const head = bytes.toString('latin1', 0, 200)
  return (head[0] === '\x80' && head.charCodeAt(1) < 6) || head.startsWith('\x93NUMPY') || isZipOfTensors(head)
}

const isZipOfTensors = (head: string): boolean => head.startsWith('PK\x03\x04') && head.includes('/data.pkl')

/** Of safetensors' metadata. */
function recipeIn(bytes: Buffer): string | null {
  const length = bytes.length > 9 ? Number(bytes.readBigUInt64LE(0)) : 0
  if (length < 2 || length > bytes.length - 8) return null
  try {
    const header: { __metadata__?: Record<string, unknown> } = JSON.parse(bytes.toString('utf8', 8, 8 + length))
    const recipe = header.__metadata__?.['basil.recipe']
    return typeof recipe === 'string' ? recipe : null
  } catch {
    return null
  }
}

async function inFolder(path: string): Promise<Recognised> {
  let [seen, checkpoints, data] = [0, 0, 0]
  const look = async (folder: string, deep: number): Promise<void> => {
    for (const entry of await entriesOf(folder)) {
      if (seen++ > most) return
      if (entry.isDirectory() && deep < deepest && !entry.name.startsWith('.'))
        await look(join(folder, entry.name), deep + 1)
      else if (isCheckpointName(entry.name) && !isDataName(entry.name)) checkpoints++
      else if (isDataName(entry.name)) data++
    }
  }
  await look(path, 0)
  const counts = [checkpoints && 'checkpoints', data && 'data'].filter(Boolean).join(' and ')
  const kind = checkpoints > 0 ? (data > 0 ? 'both' : 'checkpoints') : data > 0 ? 'data' : 'nothing'
  return { kind, words: `a folder ${counts ? `with ${counts}` : 'without checkpoints or images'}`, path, recipe: null }
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch {
    return [] // not readable: nothing of it can be used
  }
}
