// Vectors of one parameter in wasm's memory, composed and dotted by our own kernels, in float32 or float16; all of them
// in one pass over the base. Inner products are float64 from the first product to the last sum.
import type { Dots, Ops, Precision, Vectors } from '../../ops.ts'
import { halfBits, halfScales } from '../../precision.ts'
import { disposeAll, type Tensor, type Tensor1D } from '../../tensor.ts'
import { ofLength } from '../../vectors-length.ts'
import type { WasmDevice } from '../backend.ts'
import type { Argument } from '../pool.ts'
import { SMALL_ARRAY, TILE } from './tiles.ts'

/** sums: (2 * vectors) floats, a float64 each; scales: what they are to be divided by. */
interface WasmDots extends Dots {
  sums: Tensor1D
  scales: readonly number[]
}

interface Held {
  vectors: readonly Tensor[]
  scales: readonly number[] // what each is multiplied by
  isHalf: boolean
}

export function vectors(device: WasmDevice): Pick<Ops, 'vectors' | 'readDots'> {
  return {
    vectors(values, count, precision): Vectors {
      const length = count && values.length / count
      const held = uploaded(device, values, count, precision)
      return ofLength(count ? length : null, {
        compose: (base, coefficients) => composed(device, held, base, coefficients),
        dots: (gradient) => dotted(device, held, gradient),
        dispose: () => disposeAll(held.vectors),
      })
    },

    readDots: async (all: readonly WasmDots[]) =>
      all.map(({ sums, scales }) => {
        const found = device.doubles(device.address(sums), scales.length)
        return scales.map((scale, k) => (found[k] as number) / scale)
      }),
  }
}

// Apart from the closures that live on: they would keep `values` with them.
function uploaded(device: WasmDevice, values: Float32Array, count: number, precision: Precision): Held {
  const isHalf = precision === 'float16'
  const scales = isHalf ? halfScales(values, count) : Array.from({ length: count }, () => 1)
  const length = values.length / count
  const vectors: Tensor[] = []
  try {
    for (const [k, scale] of scales.entries()) {
      const row = values.subarray(k * length, (k + 1) * length)
      const numbers = isHalf ? halfBits(row, scale) : row
      const place = device.output<Tensor1D>([numbers.length])
      vectors.push(place)
      device.write(device.address(place), numbers)
    }
  } catch (error) {
    disposeAll(vectors)
    throw error
  }
  return { vectors, scales, isHalf }
}

function composed<T extends Tensor>(
  device: WasmDevice,
  { vectors, scales, isHalf }: Held,
  base: T,
  coefficients: readonly number[],
): T {
  if (coefficients.length !== vectors.length)
    throw new RangeError(`${vectors.length} vectors, ${coefficients.length} coefficients`)
  const out = device.output<T>(base.shape)
  const pairs = vectors.flatMap((vector, k): Argument[] => [
    device.address(vector),
    [(coefficients[k] as number) / (scales[k] as number)],
  ])
  const values = [device.address(base), device.address(out), base.size, vectors.length, ...pairs]
  const kernel = isHalf ? 'composeHalves' : 'compose'
  device.pool.run(kernel, values, Math.ceil(base.size / TILE), base.size < SMALL_ARRAY)
  return out
}

export function dotted(device: WasmDevice, { vectors, scales, isHalf }: Held, gradient: Tensor): WasmDots {
  const tiles = Math.ceil(gradient.size / TILE)
  const sums = device.kept<Tensor1D>([2 * vectors.length])
  for (const [k, vector] of vectors.entries()) {
    const partial = device.scratch('sums', 8 * tiles)
    const values = [device.address(vector), device.address(gradient), partial, gradient.size]
    device.pool.run(isHalf ? 'dotHalves' : 'dot', values, tiles, gradient.size < SMALL_ARRAY)
    device.pool.run('sumParts', [partial, device.address(sums) + 8 * k, tiles], 1)
  }
  return { sums, scales, dispose: () => sums.dispose() }
}
