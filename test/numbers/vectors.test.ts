// Rows of numbers: sums run from the first element on in float64, what is not there is an error, and a row of a head's
// floats is treated as one of float64.
import { expect, test } from 'vitest'

import {
  add,
  argmax,
  at,
  axpy,
  byteAt,
  difference,
  dot,
  product,
  scale,
  sum,
  swap,
  taken,
} from '../../src-main/numbers/vectors.ts'

test('sums run from the first element to the last', () => {
  const x = Float64Array.of(1e16, 1, -1e16, 1) // another order gives 2 or 0
  expect(sum(x)).toBe(1)
  expect(dot(x, Float64Array.of(1, 1, 1, 1))).toBe(1)
  expect([sum([]), product([]), product([2, 3, 4]), product([5, 0])]).toEqual([0, 1, 24, 0])
})

test('single-precision rows are summed in double precision', () => {
  const x = Float32Array.of(16_777_216, 1)
  expect(dot(x, Float32Array.of(1, 1))).toBe(16_777_217)
  expect(difference(Float32Array.of(0.5), Float64Array.of(0.1))[0]).toBe(0.4)
})

test('axpy and scale change their last argument alone', () => {
  const [x, y] = [Float64Array.of(1, 2, 3), Float64Array.of(10, 20, 30)]
  axpy(-2, x, y)
  expect([...y]).toEqual([8, 16, 24])
  scale(0.5, y)
  expect([...y]).toEqual([4, 8, 12])
  expect([...x]).toEqual([1, 2, 3])
})

test('of equals the first is the largest', () => {
  expect(argmax(Float64Array.of(1, 3, 3, 2))).toBe(1)
  expect(argmax(Float64Array.of(-5))).toBe(0)
})

test('elements are taken, counted and changed for another', () => {
  expect(taken(Int32Array.of(7, 8, 9), Uint32Array.of(2, 0, 2))).toEqual(Int32Array.of(9, 7, 9))
  const counts = [0, 0]
  for (const label of [1, 1, 0]) add(counts, label)
  add(counts, 0, 0.5)
  expect(counts).toEqual([1.5, 2])
  const order = Uint32Array.of(5, 6, 7)
  swap(order, 0, 2)
  expect([...order]).toEqual([7, 6, 5])
})

test('an element that is not there is an error, not NaN', () => {
  expect([at(['a', 'b'], 1), at(Float64Array.of(0), 0), byteAt(Uint8Array.of(0), 0)]).toEqual(['b', 0, 0])
  expect(() => at(['a'], 1)).toThrow('element 1 of 1')
  expect(() => at(Float64Array.of(1, 2), -1)).toThrow(RangeError)
  expect(() => byteAt(new Uint8Array(3), 3)).toThrow('element 3 of 3')
  expect(() => taken(Int32Array.of(1), [1])).toThrow(RangeError)
  expect(() => add(new Uint32Array(2), 2)).toThrow(RangeError)
})
