// A folder that holds a model is named in place of the model's file: the index of its shards, or its one file of
// weights, as transformers' programs call them; else the only checkpoint there is in it.
import { readdir } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'

import { BasilError } from '../contract/errors.ts'
import { isCheckpointName, isIndexName } from '../contract/file-names.ts'
import { kind } from './listing.ts'

const usual = [
  'model.safetensors.index.json',
  'model.safetensors',
  'open_clip_model.safetensors',
  'pytorch_model.bin.index.json',
  'pytorch_model.bin',
]

/** Its file, and what it is called: a folder's model by the folder. Throws file-missing. */
export async function modelAt(path: string): Promise<{ file: string; name: string }> {
  const absolute = resolve(path)
  if ((await kind(absolute)) !== 'folder') return { file: absolute, name: basename(absolute) }
  const names = await readdir(absolute)
  const found = usual.find((name) => names.includes(name)) ?? only(names)
  if (found !== undefined) return { file: join(absolute, found), name: basename(absolute) }
  throw new BasilError({
    code: 'file-missing',
    what: 'There is no model in this folder',
    where: absolute,
    why: names.some(isCheckpointName)
      ? 'it holds several checkpoints and none of a usual name'
      : 'it holds no checkpoint',
    next: 'name the file: model.safetensors, or the index of its shards',
  })
}

function only(names: readonly string[]): string | undefined {
  const [index, another] = names.filter(isIndexName)
  if (index !== undefined) return another === undefined ? index : undefined
  const [file, second] = names.filter(isCheckpointName)
  return second === undefined ? file : undefined
}
