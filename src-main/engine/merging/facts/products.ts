// Norms and dot products of the vectors of a region, in one pass. Means and turns of vectors on a sphere lie in the
// vectors' own span, so that all that a merge has to know of them is this matrix:
//   G_ij = <x_i, x_j>,   |sum_i c_i x_i|^2 = c' G c
import { add, at, axpy, dot } from '../../../numbers/vectors.ts'
import type { Part } from '../merge.ts'
import type { Region } from './region.ts'

export type Gram = readonly Float64Array[] // (vectors x vectors)

export async function gramOf(region: Region): Promise<Gram> {
  const gram: Float64Array[] = []
  for await (const { vectors } of region.pass()) {
    const finite = vectors.map(withoutInfinite)
    if (!gram.length) gram.push(...vectors.map(() => new Float64Array(vectors.length)))
    for (const [i, x] of finite.entries())
      for (let j = 0; j <= i; j++) {
        const row = gram[i] as Float64Array
        add(row, j, dot(x, at(finite, j)))
      }
  }
  for (const [i, row] of gram.entries()) for (let j = i + 1; j < gram.length; j++) row[j] = at(at(gram, j), i)
  return gram
}

/** The same element is not finite in all models (a causal mask): it has no part in their geometry. */
const withoutInfinite = (x: Float64Array): Float64Array =>
  x.every(Number.isFinite) ? x : x.map((v) => (Number.isFinite(v) ? v : 0))

export const normsOf = (gram: Gram): number[] => gram.map((row, i) => Math.sqrt(at(row, i)))

/** a' G b */
export function productOf(gram: Gram, a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0
  for (const [i, row] of gram.entries()) for (let j = 0; j < row.length; j++) sum += at(a, i) * at(row, j) * at(b, j)
  return sum
}

/** sum_i c_i x_i, (n); what is not finite in all models stays as it is. */
export function combination({ vectors, base }: Pick<Part, 'vectors' | 'base'>, c: ArrayLike<number>): Float64Array {
  const out = new Float64Array(base.length)
  for (const [t, x] of vectors.entries()) {
    axpy(at(c, t), x, out)
  }
  for (const [i, v] of base.entries()) if (!Number.isFinite(out[i])) out[i] = v
  return out
}
