// What a layout is to the list: a way to recognise its files by names and shapes, and the canonical name of each of
// their tensors.
import type { LayoutName } from '../../contract/checkpoint.ts'
import type { TensorFile } from '../formats/tensor-file.ts'
import type { View } from './view.ts'

export interface Layout {
  name: LayoutName
  /** Undefined for a file of another layout, and for one that fits it in part only, where names would be a guess. */
  recognise(file: TensorFile): Recognised | undefined
}

export interface Recognised {
  /** By canonical name; every tensor of the file is part of one. */
  views: Map<string, View>
  /** What the file would call a canonical tensor that it lacks. */
  called(name: string): string
}

/** Before the names of the point that a linearised model is expanded at, in its canonical view. */
export const expansion = 'expansion.'

/** What stands before the first of `signs` that the file has; undefined without one, and for two models in one file. */
export function prefixOf(file: TensorFile, signs: readonly string[]): string | undefined {
  for (const sign of signs) {
    const found = placesOf(file, sign)
    if (found.length > 0) return found.length === 1 ? found[0] : undefined
  }
  return undefined
}

/** What stands before a name, each time that it ends one of the file's. */
export function placesOf(file: TensorFile, sign: string): string[] {
  const inside = `.${sign}`
  const places: string[] = []
  for (const name of file.tensors.keys())
    if ((name === sign || name.endsWith(inside)) && !name.startsWith(expansion))
      places.push(name.slice(0, -sign.length))
  return places
}

/** Names behind the prefix stand without it, the others as they are. */
export function withoutPrefix(
  file: TensorFile,
  prefix: string,
  canonical = (name: string): string => name,
): Map<string, View> {
  const views = [...file.tensors.keys()].map((full): [string, View] => [
    full.startsWith(prefix) ? canonical(full.slice(prefix.length)) : full,
    { of: [full] },
  ])
  return new Map(views)
}
