// Started by compiled.heavy.test.ts: prints the digest of what products, eigendecompositions, solutions, draws and sums
// of several sizes give on the float64 device of this process, its panel, and how long some of them took.
import { createHash } from 'node:crypto'

import { movedByChance, sizesByChance } from '../../../../src-main/engine/devices/double/chances.ts'
import { cholesky, solveRight } from '../../../../src-main/engine/devices/double/cholesky.ts'
import { DoubleDevice } from '../../../../src-main/engine/devices/double/device.ts'
import { eigen } from '../../../../src-main/engine/devices/double/eigen.ts'
import { gram, multiply, multiplyInto, turned, viewOf } from '../../../../src-main/engine/devices/double/products.ts'
import { polar } from '../../../../src-main/engine/devices/double/singular.ts'
import { Adder, type Kind, together } from '../../../../src-main/engine/devices/double/sums.ts'
import { noise } from '../../merging/spectral/parts.ts'

const device = new DoubleDevice(2)
const hash = createHash('sha256')
const add = (values: Float64Array): unknown => hash.update(Float64Array.from(values))

for (const [m, n, k] of [
  [1, 1, 1],
  [7, 33, 5],
  [50, 71, 300],
  [130, 97, 513],
  [200, 300, 260],
] as const)
  device.scope(() => {
    const [a, b] = [device.matrix(m, k, noise(m * k, 1)), device.matrix(k, n, noise(k * n, 2))]
    const c = multiply(device, a, b)
    add(device.values(c))
    multiplyInto(device, 'subtract', viewOf(a), viewOf(b), viewOf(c))
    add(device.values(c))
    const square = gram(device, turned(viewOf(b)))
    add(device.values(square))
    const { values, vectors } = eigen(device, square)
    add(values)
    add(device.values(vectors))
    const few = eigen(device, square, Math.floor(n / 8))
    add(few.values)
    add(device.values(few.vectors))
    add(device.values(polar(device, c).factor))
    const all = device.values(square)
    for (let i = 0; i < n; i++) all[i * (n + 1)] = 1 + (all[i * (n + 1)] as number)
    cholesky(device, square)
    solveRight(device, square, c)
    add(device.values(c))
  })

const halves = (n: number, seed: number): Uint16Array =>
  Uint16Array.from(new Uint32Array(Float32Array.from(noise(n, seed)).buffer), (word) => word >>> 16)
const stretchOf = (n: number, first: number) => ({
  still: halves(n, 1),
  theirs: [Float32Array.from(noise(n, 2)), halves(n, 3), halves(n, 4), halves(n, 5)],
  ...{ first, seed: 7, stream: 3 },
})
const chances = [0.3, 0, 1, 0.75].map((density, t) => ({
  ...{ density, by: 1 / 0.3, name: [t, 2 ** 31 + 5] as [number, number] },
  ...{ factor: 1 + t / 7, weight: 0.4 - t, divisor: t % 2 ? 1 : 3 },
}))
function drawn(n: number, first: number): void {
  const stretch = stretchOf(n, first)
  const found = sizesByChance(device, stretch, chances)
  add(Float64Array.from(found?.sizes.flat() ?? []))
  hash.update(found?.drawn ?? '')
  for (const known of [undefined, found?.drawn]) {
    const out = chances.map(() => new Float32Array(n))
    movedByChance(device, stretch, chances, out, known)
    for (const theta of out) hash.update(theta)
  }
}
for (const first of [0, 5, 48, 2 ** 34 + 3]) for (const n of [1, 17, 64, 4097, 20_000]) drawn(n, first)

function addedUp(n: number, kind: Kind): void {
  const adder = Adder.lend(2 ** 14, together + 1)
  for (const [t, place] of adder.places.entries()) place.set(noise(2 ** 14, t + 9))
  const [base, ...models] = adder.places as [Float32Array, ...Float32Array[]]
  hash.update(adder.begin(base, kind, n))
  const terms = models.map((values, t) => ({ values, c: 0.3 - t / 9 }))
  adder.add(terms.slice(1), { kind, n, isFirst: true, isLast: false })
  const { values, isFinite } = adder.add(terms.slice(0, 3), { kind, n, isFirst: false, isLast: true })
  for (const value of values) hash.update(Number.isNaN(value) ? 'none' : String(value))
  hash.update(`${isFinite}`).update(adder.bfloat16(n) ?? 'too large')
  adder.giveBack()
}
for (const kind of ['F32', 'BF16', 'F16'] as const) for (const n of [1, 8, 31, 4096, 9003]) addedUp(n, kind)

const long = stretchOf(2 ** 20, 0)
sizesByChance(device, long, chances)
const begun = performance.now()
sizesByChance(device, long, chances)
const chance = performance.now() - begun

const large = device.matrix(384, 768, noise(384 * 768, 3))
const before = performance.now()
const square = gram(device, large)
const between = performance.now()
eigen(device, square)
const after = performance.now()
const { panel } = device.heavy
console.log(
  JSON.stringify({ digest: hash.digest('hex'), panel, gram: between - before, eigen: after - between, chance }),
)
device.close()
