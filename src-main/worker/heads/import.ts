// Heads of other programs' files in one tensor file of ours: head_CarsVal.pt, a pickled classification head with weight
// (classes, embed) in rows of length exp(logit_scale), becomes head.Cars with unit rows and that scale; with `as:
// "probe"` weight and bias are kept as they are. The metadata says which file each was, and of which model it takes
// features.

import { basename } from 'node:path'

import type { HeadImport, HeadRecord } from '../../contract/api/heads.ts'
import type { Sha256 } from '../../contract/branded.ts'
import { BasilError } from '../../contract/errors.ts'
import { splitPath } from '../../contract/named-tensor.ts'
import type { Exported } from '../../contract/run/recipe.ts'
import { type Head, openCheckpoint, readHeadAs } from '../../engine/index.ts'
import { hashFile } from '../../files/hash.ts'
import { hashCheckpoint, openSource } from '../../files/source.ts'
import { requireFree } from '../../files/write-atomic.ts'
import { writeHeads } from './write.ts'

export async function importHeads({ heads, model, out, overwrite, ...reading }: HeadImport): Promise<Exported> {
  await requireFree(out, { overwrite })
  const twice = heads.find(({ name }, i) => heads.findIndex((other) => other.name === name) < i)
  if (twice) throw sameName(twice.name, out)
  const takes = model === null ? null : await featuresOf(model)
  const read: { head: Head; record: HeadRecord }[] = []
  for (const { file, name } of heads) {
    const { head, kind, said } = await readHeadAs(file, openSource, reading)
    if (takes && takes.embed !== head.embed) throw otherModel(file, head.embed, takes.embed)
    const [path] = splitPath(file)
    const from = { name: basename(path), sha256: (await hashFile(path)).sha256 }
    const known = { classes: null, ...said, model: takes?.sha256 ?? said?.model ?? null }
    read.push({ head, record: { ...known, name, kind, scale: head.scale, normalised: head.normalised, from } })
  }
  return writeHeads(read, out, overwrite)
}

async function featuresOf(model: string): Promise<{ sha256: Sha256; embed: number }> {
  const { file, architecture } = await openCheckpoint(model, openSource)
  await file.source.close()
  return { sha256: (await hashCheckpoint(model)).sha256, embed: architecture.embed }
}

function sameName(name: string, where: string): BasilError {
  const next = 'give each a name of its own, or import them one by one'
  return new BasilError({
    code: 'data-invalid',
    what: 'Two heads would have one name',
    where,
    why: `both are head.${name}`,
    next,
  })
}

function otherModel(where: string, embed: number, takes: number): BasilError {
  return new BasilError({
    code: 'tensor-shape',
    what: 'The head does not fit the model',
    where,
    why: `it takes features of width ${embed}, the model gives ${takes}`,
    next: 'name the model it was made for, or none',
  })
}
