// What becomes of each element of several vectors, from its values in all of them.

import { element } from '../../../numbers/vectors.ts'

/** (n): f of every element's values, one for each vector; they are good until the next. */
export function byElement(vectors: readonly Float64Array[], f: (values: Float64Array) => number): Float64Array {
  const values = new Float64Array(vectors.length)
  return (vectors[0] ?? new Float64Array()).map((_, i) => {
    for (const [t, vector] of vectors.entries()) values[t] = element(vector, i)
    return f(values)
  })
}
