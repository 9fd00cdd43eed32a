// Started by compiled.heavy.test.ts: prints the digest of what products, eigendecompositions and solutions of several
// sizes give on the float64 device of this process, its panel, and how long a decomposition and a product took.
import { createHash } from 'node:crypto'

import { cholesky, solveRight } from '../../../../src-main/engine/devices/double/cholesky.ts'
import { DoubleDevice } from '../../../../src-main/engine/devices/double/device.ts'
import { eigen } from '../../../../src-main/engine/devices/double/eigen.ts'
import { gram, multiply, multiplyInto, turned, viewOf } from '../../../../src-main/engine/devices/double/products.ts'
import { polar } from '../../../../src-main/engine/devices/double/singular.ts'
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

const large = device.matrix(384, 768, noise(384 * 768, 3))
const before = performance.now()
const square = gram(device, large)
const between = performance.now()
eigen(device, square)
const after = performance.now()
const { panel } = device.matrices
console.log(JSON.stringify({ digest: hash.digest('hex'), panel, gram: between - before, eigen: after - between }))
device.close()
