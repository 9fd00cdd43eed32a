// Any state a run ever had, rebuilt from its recipe and written as safetensors: parents held against their recorded hashes,
// one tensor in memory at a time, written beside the target, read back and compared before it takes the target's name.
// The hashes are taken by a thread of their own meanwhile: with a fast disk they are half of the work.
import { createHash } from 'node:crypto'

import { BasilError } from '../contract/errors.ts'
import type { Exported, Recipe } from '../contract/recipe.ts'
import { fromNumbers } from '../engine/coefficients/table.ts'
import { openTensorFile } from '../engine/formats/index.ts'
import { type TensorToWrite, writeSafetensors } from '../engine/formats/safetensors-writer.ts'
import { collapse, groupsOf, mergedParameters } from '../engine/weights/merge.ts'
import { openParents, type Parents } from '../engine/weights/parents.ts'
import { type Hashing, hashInThread } from '../files/hash-thread.ts'
import { hashFile, openSource } from '../files/source.ts'
import { writeAtomic } from '../files/write-atomic.ts'

export async function rebuild({ recipe, out, overwrite }: { recipe: Recipe; out: string; overwrite: boolean }): Promise<Exported> {
  const hashing = hashInThread([recipe.pretrained, ...recipe.vectors].map((parent) => parent.file))
  try {
    return await merge(recipe, out, overwrite, () => requireUnchanged(recipe, hashing))
  } catch (error) {
    await requireUnchanged(recipe, hashing) // a parent that has changed explains whatever else went wrong
    throw error
  } finally {
    await hashing.stop()
  }
}

/** The file takes its name only after `unchanged` has not thrown. */
async function merge(recipe: Recipe, out: string, overwrite: boolean, unchanged: () => Promise<void>): Promise<Exported> {
  const parents = await openParents(
    recipe.pretrained.file,
    recipe.vectors.map((v) => v.file),
    openSource,
  )
  try {
    const tensors = [...parents.base.file.tensors.values()].map(
      (t): TensorToWrite => ({ name: t.name, shape: t.shape, dtype: isTower(parents, t.name) ? 'F32' : t.dtype }),
    )
    const hash = createHash('sha256')
    let bytes = 0
    async function* counted(): AsyncGenerator<Uint8Array> {
      for await (const chunk of writeSafetensors(inOrder(parents, tensors), metadataOf(recipe), tensorBytes(parents, recipe))) {
        hash.update(chunk)
        bytes += chunk.length
        yield chunk
      }
    }
    let sha256 = ''
    await writeAtomic(out, counted(), {
      overwrite,
      verify: async (written) => {
        sha256 = hash.digest('hex')
        await verify(written, out, sha256, tensors)
        await unchanged()
      },
    })
    return { file: out, bytes, sha256, tensors: tensors.length }
  } finally {
    await parents.close()
  }
}

async function requireUnchanged({ pretrained, vectors }: Recipe, { hashes }: Hashing): Promise<void> {
  const found = await hashes
  for (const [i, parent] of [pretrained, ...vectors].entries())
    if (found[i] !== parent.sha256)
      throw new BasilError({
        code: 'file-changed',
        what: 'A parent has changed since the run',
        where: parent.file,
        why: `its SHA-256 is ${found[i]?.slice(0, 12)}, the recipe has ${parent.sha256.slice(0, 12)}`,
        next: 'put the old file back; the recipe cannot be followed with another',
      })
}

/** Tower parameters in block order, as they are computed; what stands beside the tower after them, as it is. */
function inOrder(parents: Parents, tensors: TensorToWrite[]): TensorToWrite[] {
  const byName = new Map(tensors.map((t) => [t.name, t]))
  const tower = [...parents.parameters.keys()].map((name) => byName.get(parents.architecture.prefix + name) as TensorToWrite)
  return [...tower, ...tensors.filter((t) => !isTower(parents, t.name))]
}

/** Gives each tensor's bytes in the order asked for. */
function tensorBytes(parents: Parents, recipe: Recipe): (name: string) => Promise<Uint8Array> {
  const groups = groupsOf(parents, recipe.grouping)
  if (groups.names.join() !== recipe.groups.join())
    throw new BasilError({
      code: 'internal',
      what: 'The recipe does not fit its parents',
      where: recipe.name,
      why: 'its coefficient names are others',
      next: 'report this with the recipe',
    })
  const coefficients = collapse(
    fromNumbers(recipe.start),
    recipe.iterations.map((row) => Float64Array.from(row)),
  )
  const merged = mergedParameters(parents, groups, coefficients)
  return async (name) => {
    if (!isTower(parents, name)) return parents.base.file.read(name)
    const { value } = await merged.next()
    if (!value || parents.architecture.prefix + value.name !== name) throw new Error(`${name} was asked for out of order`)
    const { buffer, byteOffset, byteLength } = value.values
    return new Uint8Array(buffer, byteOffset, byteLength)
  }
}

/** Reads the written file as a stranger would and compares its content with what was computed. */
async function verify(written: string, out: string, sha256: string, tensors: readonly TensorToWrite[]): Promise<void> {
  const source = await openSource(written)
  try {
    const file = await openTensorFile(source)
    const found = await hashFile(written)
    if (file.tensors.size === tensors.length && found.sha256 === sha256) return
    throw new BasilError({
      code: 'verify-failed',
      what: 'The exported file does not read back as it was written',
      where: out,
      why: `its SHA-256 is ${found.sha256.slice(0, 12)} instead of ${sha256.slice(0, 12)}`,
      next: 'check the disk, then export again',
    })
  } finally {
    await source.close()
  }
}

/** What the file says of itself: parents by name and hash, never by a path of this machine. */
function metadataOf(recipe: Recipe): Record<string, string> {
  const nameless = (parent: Recipe['pretrained']) => ({ name: parent.name, sha256: parent.sha256 })
  const told = { ...recipe, config: undefined, pretrained: nameless(recipe.pretrained), vectors: recipe.vectors.map(nameless) }
  return {
    format: 'pt',
    'basil.recipe': JSON.stringify(told),
    ...(recipe.linearised && { 'basil.linearised': 'features are f(x; pre-trained) + J(x; pre-trained) (weights - pre-trained)' }),
    'basil.pretrained.sha256': recipe.pretrained.sha256,
    'basil.vectors.sha256': recipe.vectors.map((v) => v.sha256).join(' '),
  }
}

function isTower(parents: Parents, name: string): boolean {
  const { prefix } = parents.architecture
  return name.startsWith(prefix) && parents.parameters.has(name.slice(prefix.length))
}
