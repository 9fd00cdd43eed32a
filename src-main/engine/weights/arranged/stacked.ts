// A model put together of layers of others, one part after the other, numbered anew. What stands before the layers is
// the first part's model's, what stands behind them the last's.
import { BasilError } from '../../../contract/errors.ts'
import { isBefore, layerOf } from '../../../contract/merges/valued.ts'
import type { Arrangement } from '../../../contract/run/recipe.ts'
import { infoOf, type TensorInfo } from '../../formats/tensor-file.ts'
import type { CanonicalFile } from '../../layouts/index.ts'

type Parts = NonNullable<Arrangement['layers']>[number]

interface From {
  file: CanonicalFile
  name: string
}

/** Throws config-invalid where a model has no such layers, and not-supported where it has several stacks of them. */
export function stacked(files: readonly CanonicalFile[], parts: Parts): CanonicalFile {
  const fileOf = (part: Parts[number]): CanonicalFile => {
    const file = files[part.model]
    if (!file) throw new Error(`there is no model ${part.model}`)
    return file
  }
  const [first, last] = [parts[0], parts.at(-1)].map((part) => fileOf(part as Parts[number])) as [
    CanonicalFile,
    CanonicalFile,
  ]
  const places = new Map<string, From>()
  const beside = (file: CanonicalFile, before: boolean): void => {
    for (const name of file.tensors.keys())
      if (!layerOf(name) && isBefore(name) === before) places.set(name, { file, name })
  }
  beside(first, true)
  let count = 0
  for (const part of parts) {
    const file = fileOf(part)
    requireLayers(file, part)
    for (const name of file.tensors.keys()) {
      const found = layerOf(name)
      if (!found || found.layer < part.from || found.layer >= part.to) continue
      const behind = name.slice(`${found.stack}.${found.layer}`.length)
      places.set(`${found.stack}.${count + found.layer - part.from}${behind}`, { file, name })
    }
    count += part.to - part.from
  }
  beside(last, false)
  return viewOf(first, places)
}

function viewOf(first: CanonicalFile, places: ReadonlyMap<string, From>): CanonicalFile {
  const tensors = new Map<string, TensorInfo>()
  const parameters = new Map<string, number[]>()
  for (const [name, { file, name: theirs }] of places) {
    tensors.set(name, { ...infoOf(file.tensors, theirs, file.source), name })
    const shape = file.parameters.get(theirs)
    if (shape) parameters.set(name, shape)
  }
  const from = (name: string): From => infoOf(places, name, first.source)
  return {
    ...first,
    tensors,
    parameters,
    called: (name) => name,
    read: (name, into) => from(name).file.read(from(name).name, into),
    readRange: (name, offset, length, into) => from(name).file.readRange(from(name).name, offset, length, into),
  }
}

function requireLayers(file: CanonicalFile, { from, to }: Parts[number]): void {
  const found = [...file.tensors.keys()].flatMap((name) => layerOf(name) ?? [])
  const stacks = new Set(found.map(({ stack }) => stack))
  const layers = Math.max(-1, ...found.map(({ layer }) => layer)) + 1
  const refused = (code: 'config-invalid' | 'not-supported', what: string, why: string, next: string): BasilError =>
    new BasilError({ code, what, where: file.source.path, why, next })
  if (stacks.size !== 1)
    throw refused(
      'not-supported',
      'The layers of this model cannot be taken apart',
      stacks.size === 0 ? 'no name of its tensors has a layer' : `it has several stacks: ${[...stacks].join(', ')}`,
      'merge whole models',
    )
  if (to > layers || from >= to)
    throw refused(
      'config-invalid',
      'A model has no such layers',
      `it has ${layers} layers, and those from ${from} to below ${to} are asked for`,
      'name layers that it has: the first is 0, and the last that is named is not among them',
    )
}
