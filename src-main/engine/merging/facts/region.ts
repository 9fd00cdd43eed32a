// What a merge has to know of more than the slice it is given (norms, thresholds, dot products) is a fact of a region:
// one tensor, or the whole model. It is found when the first slice of the region is asked for, in passes over its
// slices, always the same ones, so that whatever slices are asked for later get the same numbers.
import { product } from '../../../numbers/vectors.ts'
import { type Part, partOf, type Sources } from '../merge.ts'

const slice = 2 ** 17 // elements read at a time

export type Scope = 'tensor' | 'model'

export interface Region {
  size: number // elements
  tensors: number
  names: readonly string[]
  /** Its parts, in order, each good until the next; vectors are not yet times any weight. */
  pass(): AsyncGenerator<Part>
}

interface Asked {
  scope: Scope
  /** Models are merged, not differences from the base. */
  ofModels?: boolean
  /** As Merge.onDevice. */
  onDevice?: boolean
  /** Parts are whole rows of this length: 1 where it does not matter. */
  row?: (shape: readonly number[]) => number
}

/** What `find` says of the region that a part lies in. The last few regions' are kept. */
export function scoped<F>(
  sources: Sources,
  { scope, row = () => 1, ...asked }: Asked,
  find: (region: Region, part: Part) => Promise<F>,
): (part: Part) => Promise<F> {
  const known = new Map<string, Promise<F>>()
  return (part) => {
    const key = scope === 'tensor' ? part.name : ''
    const found = known.get(key) ?? find(regionOf(sources, scope === 'tensor' ? [key] : null, asked, row), part)
    known.set(key, found)
    if (known.size > kept) known.delete(known.keys().next().value ?? '')
    return found
  }
}

const kept = 8

function regionOf(
  sources: Sources,
  only: readonly string[] | null,
  asked: Omit<Asked, 'scope' | 'row'>,
  row: (shape: readonly number[]) => number,
): Region {
  const shapes = (only ?? [...sources.parameters.keys()]).map((name): [string, readonly number[]] => [
    name,
    sources.parameters.get(name) ?? [],
  ])
  return {
    size: shapes.reduce((sum, [, shape]) => sum + product(shape), 0),
    tensors: shapes.length,
    names: shapes.map(([name]) => name),
    async *pass() {
      let ahead: Promise<Part> | undefined // is read while the one before is worked on
      for (const [name, shape] of shapes) {
        const [size, length] = [product(shape), row(shape)]
        const step = Math.max(1, Math.floor(slice / length)) * length
        for (let first = 0; first < size; first += step) {
          const next = partAt(sources, name, first, Math.min(step, size - first), asked)
          next.catch(() => undefined) // is told when its turn comes
          if (ahead) yield* lent(await ahead)
          ahead = next
        }
      }
      if (ahead) yield* lent(await ahead)
    },
  }
}

function* lent(part: Part): Generator<Part> {
  try {
    yield part
  } finally {
    part.release()
  }
}

/** Any elements of a tensor, of all models. */
export function partAt(
  sources: Sources,
  name: string,
  first: number,
  count: number,
  { ofModels = false, onDevice = false }: Omit<Asked, 'scope' | 'row'>,
): Promise<Part> {
  const all = [...sources.vectors.keys()]
  return partOf(sources, all, { name, first, count }, { ofModels, weights: [], isScaled: false, onDevice })
}
