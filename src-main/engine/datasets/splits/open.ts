// A split of a data set as a configuration names it: one that the disk has, or the field's training, validation or test
// split, which may have to be drawn from one that the disk has; and of these a half, k images a class, or n in all.

import { taken } from '../../../numbers/vectors.ts'
import type { OpenFiles } from '../../formats/source.ts'
import { type DataSource, type FieldSplits, invalid, type Place, type RawImages } from '../raw.ts'
import type { ImagesSpec } from '../spec.ts'
import { among, asked, fieldSplit, randomSplit } from './draw.ts'

/** What a path turned out to be. */
export interface Found {
  source: DataSource
  place: Place
}

export interface DrawnSplit {
  raw: RawImages // of the split on disk, all of it
  of: string // that split's name
  indices: Uint32Array // of the images taken, in their order
  drawn: string // how, in words; "" where all of it is taken
}

/** Throws data-invalid. The raw images are the caller's to close. */
export async function openSplit({ source, place }: Found, spec: ImagesSpec, files: OpenFiles): Promise<DrawnSplit> {
  const wanted = spec.split || (await onlySplit(source, place, files))
  const field = (await source.known?.(place, files))?.field ?? {}
  const { of, part } = /^field-(train|val|test)$/.test(wanted)
    ? fieldPart(wanted.slice('field-'.length), field)
    : { of: wanted, part: null }
  const raw = await source.open(place, of, files)
  try {
    const base = part ? part.take(raw.count) : Uint32Array.from({ length: raw.count }, (_, i) => i)
    const words = part ? [part.words] : []
    const chosen = asked(taken(raw.labels, base), spec)
    if (!chosen) return { raw, of, indices: base, drawn: words.join('; ') }
    return { raw, of, indices: among(base, chosen.positions), drawn: [...words, ...chosen.words].join('; ') }
  } catch (error) {
    await raw.close()
    throw error
  }
}

async function onlySplit(source: DataSource, place: Place, files: OpenFiles): Promise<string> {
  const [first, ...others] = await source.splits(place, files)
  if (first !== undefined && others.length === 0) return first
  throw invalid(
    place.path,
    `it has ${[first, ...others].join(', ')}`,
    'name the split, as in "data/food-101#train"',
    'No split is named',
  )
}

interface Part {
  words: string
  take(count: number): Uint32Array
}

/** Which split on disk, and what is taken of it; null: all. */
function fieldPart(name: string, { val, drawn }: FieldSplits): { of: string; part: Part | null } {
  const valWords = 'by torch.random_split with seed 0, 10 % and at most 5,000 for validation'
  if (!drawn) {
    if (name === 'test') return { of: 'test', part: null }
    if (val) return { of: name === 'val' ? val : 'train', part: null }
    return {
      of: 'train',
      part: { words: valWords, take: (n) => (name === 'val' ? fieldSplit(n).val : fieldSplit(n).train) },
    }
  }
  const words = `by torch.random_split of "${drawn.of}" with seed ${drawn.seed} into ${drawn.train * 100} % and the test images`
  const take = (n: number): Uint32Array => {
    const [train, test] = randomSplit(n, Math.floor(drawn.train * n), drawn.seed)
    if (name === 'test') return test
    return among(train, name === 'val' ? fieldSplit(train.length).val : fieldSplit(train.length).train)
  }
  return { of: drawn.of, part: { words: name === 'test' ? words : `${words}; then ${valWords}`, take } }
}
