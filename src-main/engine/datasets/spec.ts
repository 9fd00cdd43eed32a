// How a configuration names images: PATH#SPLIT?OPTIONS, parsed here and nowhere else.
//   "data/food-101#train"                  a split the disk has
//   "data/MNIST#field-val"                 one drawn from a split: the field's 10 % of train, at most 5,000
//   "data/cars#field-train?shots=16&seed=0"  then 16 images a class; "?n=2000&seed=0": 2,000 images
//   "data/MNIST#field-val?half=1&seed=0"     one half of it, "half=2" the other; "shots" or "n" are then of that half
// Without "#" there is no split: the whole of what has none. A "#" or "?" of a path itself is told by what follows it:
// a split has neither "/" nor "\" in it.
import { invalid } from './raw.ts'

export interface ImagesSpec {
  path: string
  split: string // "" where none is named
  half: 1 | 2 | null // which of two halves
  shots: number | null // images of each class
  n: number | null // images in all
  seed: number
}

const most: Record<string, number> = { seed: 2 ** 32, half: 3 } // the first that is too large

/** Throws data-invalid naming the option that is wrong. */
export function parseSpec(text: string): ImagesSpec {
  const hash = /^(.*)#([^#/\\?]*)(?:\?([^#/\\]*))?$/s.exec(text)
  const [, path = '', split = '', options = ''] = hash ??
    /^(.*?)()(?:\?([^#/\\?]*=[^#/\\?]*))?$/s.exec(text) ?? [text, text]
  const spec: ImagesSpec = { path, split, half: null, shots: null, n: null, seed: 0 }
  for (const part of options ? options.split('&') : []) {
    const [, name, digits] = /^(half|shots|n|seed)=(\d{1,10})$/.exec(part) ?? []
    const value = Number(digits)
    if (!name || value < (name === 'seed' ? 0 : 1) || value >= (most[name] ?? 2 ** 31))
      throw invalid(
        text,
        `${JSON.stringify(part.slice(0, 80))} is no option of images`,
        'use "?shots=16&seed=0" or "?n=2000&seed=0"',
      )
    if (name === 'half') spec.half = value === 1 ? 1 : 2
    else spec[name as 'shots' | 'n' | 'seed'] = value
  }
  if (spec.shots !== null && spec.n !== null)
    throw invalid(text, 'it asks for shots and for n', 'ask for one of the two')
  if (path === '') throw invalid(text, 'it names no file and no folder', 'name images as in "data/food-101#train"')
  return spec
}

/** The text parseSpec reads as this. */
export function specText({ path, split, half, shots, n, seed }: ImagesSpec): string {
  const given = Object.entries({ half, shots, n }).flatMap(([name, value]) =>
    value === null ? [] : [`${name}=${value}`],
  )
  const options = given.length ? `?${given.join('&')}&seed=${seed}` : ''
  return `${path}${split || options ? `#${split}` : ''}${options}`
}
