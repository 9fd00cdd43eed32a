// What a merge makes of task vectors that lie in memory, a parameter at a time.
import type { Merge, Part, Sources } from '../../../../src-main/engine/merging/merge.ts'
import { valuesOf } from '../../../../src-main/engine/merging/merge.ts'

export type Vector = ArrayLike<number>

/** Of models that hold one parameter of this shape; none of its weights is said. */
export async function merged(
  merge: Merge,
  shape: readonly number[],
  taus: readonly Vector[],
  parameters: Record<string, unknown> = {},
): Promise<Float64Array> {
  const combine = await merge.prepare({ parameters: new Map(), vectors: [] } as unknown as Sources, parameters)
  const [given] = await combine(partOf(shape, taus))
  return valuesOf(given as Float64Array)
}

function partOf(shape: readonly number[], taus: readonly Vector[]): Part {
  const size = shape.reduce((a, b) => a * b, 1)
  return {
    name: 'w',
    shape,
    dtype: 'F32',
    first: 0,
    base: new Float32Array(size),
    vectors: [],
    theirs: [],
    still: new Float32Array(size),
    count: size,
    release: () => undefined,
    read: async (place) => Float64Array.from(taus[place] as Vector),
    which: taus.map((_, t) => t),
    weights: taus.map(() => 1),
    models: taus.map((_, t) => `model ${t}`),
  }
}

/** Numbers in [-1, 1) by a seed. */
export function noise(size: number, seed: number): Float64Array {
  let state = seed * 2654435761
  return Float64Array.from({ length: size }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 31 - 1
  })
}

/** A (m, k) B (k, n), plainly. */
export function product(a: Vector, b: Vector, m: number, k: number, n: number): Float64Array {
  const out = new Float64Array(m * n)
  for (let i = 0; i < m; i++)
    for (let t = 0; t < k; t++)
      for (let j = 0; j < n; j++)
        out[i * n + j] = (out[i * n + j] as number) + (a[i * k + t] as number) * (b[t * n + j] as number)
  return out
}

export function transposed(a: Vector, m: number, n: number): Float64Array {
  return Float64Array.from({ length: m * n }, (_, i) => a[(i % m) * n + Math.floor(i / m)] as number)
}

export function farthest(a: Vector, b: Vector): number {
  let most = a.length === b.length ? 0 : Number.POSITIVE_INFINITY
  for (let i = 0; i < a.length; i++) {
    const apart = Math.abs((a[i] as number) - (b[i] as number))
    if (!(apart <= most)) most = apart
  }
  return most
}
