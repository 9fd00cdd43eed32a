// What becomes of each element of several vectors, from its values in all of them.

/** (n): f of every element's values, one for each vector; they are good until the next. */
export function byElement(vectors: readonly Float64Array[], f: (values: Float64Array) => number): Float64Array {
  const values = new Float64Array(vectors.length)
  return (vectors[0] ?? new Float64Array()).map((_, i) => {
    for (let t = 0; t < values.length; t++) values[t] = vectors[t]?.[i] ?? 0
    return f(values)
  })
}
