// The float64 device against plain loops: products, eigendecompositions, singular vectors, polar factors and Cholesky
// factors, of one thread and of several with the same bits, and what is left of it after its scopes.
import { afterAll, describe, expect, test } from 'vitest'

import { cholesky, solveRight } from '../../../../src-main/engine/devices/double/cholesky.ts'
import { DoubleDevice } from '../../../../src-main/engine/devices/double/device.ts'
import { eigen } from '../../../../src-main/engine/devices/double/eigen.ts'
import { gram, multiply, multiplyInto, turned, viewOf } from '../../../../src-main/engine/devices/double/products.ts'
import { leadingInto, polar } from '../../../../src-main/engine/devices/double/singular.ts'
import { farthest, noise, product, transposed } from '../../merging/spectral/parts.ts'

const device = new DoubleDevice(1)
const three = new DoubleDevice(3)
afterAll(() => {
  device.close()
  three.close()
})

const identity = (n: number): Float64Array => Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) ? 0 : 1))

describe.each([
  [1, 1, 1],
  [7, 5, 3],
  [48, 4, 256],
  [50, 71, 300],
  [130, 97, 513],
])('a product (%i x %i) over %i', (m, n, k) => {
  const [a, b, c] = [noise(m * k, 1), noise(k * n, 2), noise(m * n, 3)]
  const plain = product(a, b, m, k, n)
  test('is what plain loops give, transposed or not, added and taken away', () =>
    device.scope(() => {
      const A = device.matrix(m, k, a)
      const B = device.matrix(k, n, b)
      expect(farthest(device.values(multiply(device, A, B)), plain)).toBeLessThan(1e-12)
      const At = device.matrix(k, m, transposed(a, m, k))
      const Bt = device.matrix(n, k, transposed(b, k, n))
      expect(farthest(device.values(multiply(device, turned(viewOf(At)), turned(viewOf(Bt)))), plain)).toBeLessThan(
        1e-12,
      )
      for (const [how, sign] of [
        ['add', 1],
        ['subtract', -1],
      ] as const) {
        const C = device.matrix(m, n, c)
        multiplyInto(device, how, viewOf(A), viewOf(B), viewOf(C))
        expect(
          farthest(
            device.values(C),
            plain.map((v, i) => (c[i] as number) + sign * v),
          ),
        ).toBeLessThan(1e-12)
      }
      const square = device.values(gram(device, A))
      expect(farthest(square, product(a, transposed(a, m, k), m, k, m))).toBeLessThan(1e-12)
    }))
  test('has the same bits of three threads', () => {
    const [one, other] = [device, three].map((of) =>
      of.scope(() => Float64Array.from(of.values(multiply(of, of.matrix(m, k, a), of.matrix(k, n, b))))),
    )
    expect(one).toEqual(other)
  })
})

describe.each([1, 2, 3, 15, 16, 33, 100, 211])('a symmetric matrix of %i', (n) => {
  const a = noise(n * n, n)
  const symmetric = a.map((v, i) => v + (a[(i % n) * n + Math.floor(i / n)] as number))
  test('is its eigenvectors times its eigenvalues, largest first, with the same bits of three threads', () => {
    const [one, other] = [device, three].map((of) =>
      of.scope(() => {
        const { values, vectors } = eigen(of, of.matrix(n, n, symmetric))
        return { values, vectors: Float64Array.from(of.values(vectors)) }
      }),
    ) as [{ values: Float64Array; vectors: Float64Array }, { values: Float64Array; vectors: Float64Array }]
    expect(one).toEqual(other)
    const { values, vectors } = one
    expect([...values].sort((x, y) => y - x)).toEqual([...values])
    expect(farthest(product(vectors, transposed(vectors, n, n), n, n, n), identity(n))).toBeLessThan(1e-13 * n)
    const scaled = vectors.map((v, i) => v * (values[Math.floor(i / n)] as number))
    expect(farthest(product(transposed(vectors, n, n), scaled, n, n, n), symmetric)).toBeLessThan(1e-13 * n)
  })
})

test.each([
  ['zeros', 20, () => new Float64Array(400)],
  ['the identity', 20, () => identity(20)],
  ['a diagonal', 20, () => identity(20).map((v, i) => v * (i % 7))],
  ['rank one', 20, () => Float64Array.from({ length: 400 }, (_, i) => Math.sin(Math.floor(i / 20)) * Math.sin(i % 20))],
  ['tiny numbers', 9, () => identity(9).map((v, i) => 1e-80 * (v + Math.cos((i % 9) * Math.floor(i / 9))))],
])('eigenvectors of %s are orthonormal', (_, n, of) =>
  device.scope(() => {
    const a = of()
    const { values, vectors } = eigen(device, device.matrix(n, n, a))
    const z = Float64Array.from(device.values(vectors))
    expect(farthest(product(z, transposed(z, n, n), n, n, n), identity(n))).toBeLessThan(1e-13)
    const back = product(
      transposed(z, n, n),
      z.map((v, i) => v * (values[Math.floor(i / n)] as number)),
      n,
      n,
      n,
    )
    expect(farthest(back, a)).toBeLessThan(1e-13 * Math.max(...a.map(Math.abs), 1e-300))
  }),
)

/** 25 directions of 128, and in the others what rounding leaves. */
function ofLowRank(): Float64Array {
  const [some, rest] = [noise(128 * 25, 1), noise(128 * 128, 9)]
  return product(some, transposed(some, 128, 25), 128, 25, 128).map((v, i) => {
    const mirrored = rest[(i % 128) * 128 + Math.floor(i / 128)] as number
    return v + 1e-15 * ((rest[i] as number) + mirrored)
  })
}

test.each([
  ['that is of low rank but for rounding', 128, ofLowRank()],
  [
    'whose rows fall far below what a square can hold',
    211,
    Float64Array.from({ length: 211 * 211 }, (_, i) => 0.3 ** (2 * Math.max(i % 211, Math.floor(i / 211)))),
  ],
])('eigenvalues of a matrix %s are found', (_, n, a) =>
  device.scope(() => {
    const { values, vectors } = eigen(device, device.matrix(n, n, a))
    const z = Float64Array.from(device.values(vectors))
    const scaled = z.map((v, i) => v * (values[Math.floor(i / n)] as number))
    expect(farthest(product(z, transposed(z, n, n), n, n, n), identity(n))).toBeLessThan(1e-13 * n)
    expect(farthest(product(transposed(z, n, n), scaled, n, n, n), a)).toBeLessThan(1e-13 * n)
  }),
)

const diagonal = (values: readonly number[]): Float64Array =>
  Float64Array.from({ length: values.length ** 2 }, (_, i) =>
    i % (values.length + 1) ? 0 : (values[i / (values.length + 1)] as number),
  )

describe.each([
  ['noise', 100, noise(100 * 100, 4)],
  ['more noise than a tile', 211, noise(211 * 211, 4)],
  ['zeros', 40, new Float64Array(1600)],
  ['the identity', 40, identity(40)],
  ['a diagonal of a few values, many times each', 100, diagonal(Array.from({ length: 100 }, (_, i) => i % 5))],
  ['a low rank but for rounding', 128, ofLowRank()],
  ['values close together', 100, diagonal(Array.from({ length: 100 }, (_, i) => 1 + 1e-13 * i))],
  ['rows far below what a square can hold', 100, diagonal(Array.from({ length: 100 }, (_, i) => 0.3 ** (4 * i)))],
])('of the leading eigenvectors of a matrix of %s', (_, n, given) => {
  const a = given.map((v, i) => (v + (given[(i % n) * n + Math.floor(i / n)] as number)) / 2)
  test.each([0, 1, Math.floor(n / 8), Math.floor(n / 4), n - 1])(
    '%i are orthonormal and what all of them begin with',
    (r) => {
      const [one, other] = [device, three].map((of) =>
        of.scope(() => {
          const { values, vectors } = eigen(of, of.matrix(n, n, a), r)
          return { values, vectors: Float64Array.from(of.values(vectors)) }
        }),
      ) as [{ values: Float64Array; vectors: Float64Array }, { values: Float64Array; vectors: Float64Array }]
      expect(one).toEqual(other)
      const { values, vectors } = one
      expect([values.length, vectors.length]).toEqual([n, r * n])
      const all = device.scope(() => eigen(device, device.matrix(n, n, a)).values)
      const largest = Math.max(Math.abs(all[0] as number), Math.abs(all[n - 1] as number), 1e-300)
      expect(farthest(values, all)).toBeLessThan(1e-13 * largest)
      expect(farthest(product(vectors, transposed(vectors, r, n), r, n, r), identity(r))).toBeLessThan(1e-12)
      const images = product(vectors, a, r, n, n)
      const scaled = vectors.map((v, i) => v * (values[Math.floor(i / n)] as number))
      expect(farthest(images, scaled)).toBeLessThan(1e-12 * largest)
    },
  )
})

describe.each([
  [6, 4],
  [4, 6],
  [40, 40],
  [37, 90],
])('a matrix (%i x %i)', (m, n) => {
  const side = Math.min(m, n)
  test('has a polar factor with orthonormal sides and a symmetric rest', () =>
    device.scope(() => {
      const x = noise(m * n, 5)
      const { factor, singular } = polar(device, device.matrix(m, n, x))
      const u = Float64Array.from(device.values(factor))
      const own = m <= n ? product(u, transposed(u, m, n), m, n, m) : product(transposed(u, m, n), u, n, m, n)
      expect(farthest(own, identity(side))).toBeLessThan(1e-10)
      const trace = u.reduce((sum, v, i) => sum + v * (x[i] as number), 0)
      expect(trace).toBeCloseTo(
        singular.reduce((a, b) => a + b),
        9,
      ) // |x|_* = < x, U V' >
    }))

  test('of lower rank has no more directions than that', () =>
    device.scope(() => {
      const r = 2
      const x = product(noise(m * r, 8), noise(r * n, 9), m, r, n)
      const { factor } = polar(device, device.matrix(m, n, x))
      const square = device.values(factor).reduce((sum, v) => sum + v * v, 0)
      expect(square).toBeCloseTo(r, 8)
    }))

  test('is its singular vectors times its singular values', () =>
    device.scope(() => {
      const x = noise(m * n, 6)
      const [left, right] = [device.matrix(side, m), device.matrix(side, n)]
      const s = leadingInto(device, device.matrix(m, n, x), { left: viewOf(left), right: viewOf(right) })
      const scaled = device.values(right).map((v, i) => v * (s[Math.floor(i / n)] as number))
      expect(farthest(product(transposed(device.values(left), side, m), scaled, m, side, n), x)).toBeLessThan(1e-10)
    }))
})

test.each([1, 30, 64, 65, 200])('X A = B is solved for a positive definite A of %i', (n) =>
  device.scope(() => {
    const [root, x] = [noise(n * n, 3), noise(5 * n, 4)]
    const a = product(root, transposed(root, n, n), n, n, n).map((v, i) => v + (i % (n + 1) ? 0 : 1))
    const [A, B] = [device.matrix(n, n, a), device.matrix(5, n, product(x, a, 5, n, n))]
    cholesky(device, A)
    solveRight(device, A, B)
    expect(farthest(device.values(B), x)).toBeLessThan(1e-9)
  }),
)

test('a matrix that is not positive definite is refused', () =>
  device.scope(() =>
    expect(() => cholesky(device, device.matrix(3, 3, [1, 0, 0, 0, -1, 0, 0, 0, 1]))).toThrow(/row 1/),
  ))

test('memory is used again after a scope', () => {
  const own = new DoubleDevice(1)
  const use = (): void => own.scope(() => void own.matrix(500, 500))
  use()
  const { bytes } = own
  for (let i = 0; i < 20; i++) use()
  expect(own.bytes).toBe(bytes)
  own.close()
})
