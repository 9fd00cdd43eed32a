// Rows of numbers, by element: what a loop over them is called, once. Sums run from the first element to the last, in
// float64 whatever the array holds, so that the same row gives the same bits everywhere. Each function loops over whole
// arrays; loops that take several steps at a time (logistic.ts, engine/measures/values.ts) are their own files'.

type Floats = Float64Array | Float32Array // no more kinds, so that V8 keeps loops over them fast
type Writable = Float64Array | Int32Array | Uint32Array | number[]

/**
 * array[i], where the caller knows that it is there. Throws a RangeError where it is not. This one function sees every
 * kind of array, so that V8 looks each up anew, a tenth of a microsecond: once an image is fine, not once a weight or
 * pixel.
 */
export function at<T extends {}>(array: ArrayLike<T>, i: number): T {
  const value = array[i]
  if (value === undefined) throw notThere(array, i)
  return value
}

/** bytes[i], of bytes alone, so that V8 makes it a plain load: for loops over pixels. Throws as at. */
export function byteAt(bytes: Uint8Array, i: number): number {
  const value = bytes[i]
  if (value === undefined) throw notThere(bytes, i)
  return value
}

function notThere({ length }: ArrayLike<unknown>, i: number): RangeError {
  return new RangeError(`element ${i} of ${length}`)
}

/** x_i, which is there: for inner loops over float64, where the question of `at` is felt. */
export function element(x: Float64Array, i: number): number {
  return x[i] as number
}

/** sum_i a_i b_i over a's length. */
export function dot(a: Floats, b: Floats): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number)
  return sum
}

/** y <- y + a x, over y's length. */
export function axpy(a: number, x: Floats, y: Float64Array): void {
  for (let i = 0; i < y.length; i++) y[i] = (y[i] as number) + a * (x[i] as number)
}

/** x <- a x. */
export function scale(a: number, x: Float64Array): void {
  for (let i = 0; i < x.length; i++) x[i] = (x[i] as number) * a
}

/** a - b, over a's length. */
export function difference(a: Floats, b: Floats): Float64Array {
  const out = new Float64Array(a.length)
  for (let i = 0; i < out.length; i++) out[i] = (a[i] as number) - (b[i] as number)
  return out
}

/** 0 for none. */
export function sum(values: Iterable<number>): number {
  let total = 0
  for (const value of values) total += value
  return total
}

/** How many elements a tensor of this shape has: 1 of a scalar's. */
export function product(shape: Iterable<number>): number {
  let elements = 1
  for (const size of shape) elements *= size
  return elements
}

/** The first of the largest; 0 for none. */
export function argmax(values: Floats): number {
  let best = 0
  for (let i = 1; i < values.length; i++) if ((values[i] as number) > (values[best] as number)) best = i
  return best
}

/** from[places], as labels of some images. Throws a RangeError for a place that is not there. */
export function taken(from: ArrayLike<number>, places: ArrayLike<number>): Int32Array {
  const out = new Int32Array(places.length)
  for (let n = 0; n < out.length; n++) out[n] = at(from, at(places, n))
  return out
}

/** sums[i] <- sums[i] + by. Throws a RangeError for an element that is not there. */
export function add(sums: Writable, i: number, by = 1): void {
  sums[i] = at(sums, i) + by
}

/** Elements i and j, which are there, change places. */
export function swap(order: Int32Array | Uint32Array, i: number, j: number): void {
  const kept = order[i] as number
  order[i] = order[j] as number
  order[j] = kept
}

/**
 * |x|, scaled by the largest and summed with Kahan's compensation, to the bits of V8's Math.hypot, which has no room
 * for 10^5 arguments.
 */
export function norm(x: Float64Array): number {
  let largest = 0
  for (let i = 0; i < x.length; i++) largest = Math.max(largest, Math.abs(element(x, i)))
  if (largest === 0) return 0
  let sum = 0
  let lost = 0
  for (let i = 0; i < x.length; i++) {
    const share = Math.abs(element(x, i)) / largest
    const addend = share * share - lost
    const next = sum + addend
    lost = next - sum - addend
    sum = next
  }
  return Math.sqrt(sum) * largest
}
