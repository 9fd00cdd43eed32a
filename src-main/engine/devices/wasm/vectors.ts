// Vectors of one parameter in wasm's memory, composed and dotted by our own kernels, in float32 or float16; all of them
// in one pass over the base, inner products in float64.
import type { Precision, Vectors } from '../ops.ts'
import { halfBits, halfScales } from '../precision.ts'
import type { Tensor } from '../tf.ts'
import { tf } from '../tf.ts'
import type { WasmDevice } from './backend.ts'
import type { Argument } from './pool.ts'

const TILE = 16384 // as in assembly/lanes.ts
const SMALL_ARRAY = 32_768

export function wasmVectors(device: WasmDevice) {
  const run = (kernel: string, count: number, values: readonly Argument[]): void =>
    device.pool.run(kernel, values, Math.ceil(count / TILE), count < SMALL_ARRAY)

  return (values: Float32Array, count: number, precision: Precision): Vectors => {
    const isHalf = precision === 'float16'
    const length = count && values.length / count
    const scales = isHalf ? halfScales(values, count) : Array.from({ length: count }, () => 1)
    const held = uploaded(values, scales, isHalf)
    const at = (vector: Tensor): number => device.address(vector, isHalf ? 'int32' : 'float32')
    const check = (tensor: Tensor): void => {
      if (count && tensor.size !== length) throw new RangeError(`sizes of vectors differ: ${tensor.size} and ${length}`)
    }
    return {
      compose<T extends Tensor>(base: T, coefficients: readonly number[]): T {
        check(base)
        if (coefficients.length !== held.length)
          throw new RangeError(`${held.length} vectors, ${coefficients.length} coefficients`)
        const out = device.output<T>(base.shape)
        const pairs = held.flatMap((vector, k): Argument[] => [
          at(vector),
          [(coefficients[k] as number) / (scales[k] as number)],
        ])
        run(isHalf ? 'composeHalves' : 'compose', base.size, [
          device.address(base),
          device.address(out),
          base.size,
          held.length,
          ...pairs,
        ])
        return out
      },
      dots(gradient) {
        check(gradient)
        const tiles = Math.ceil(gradient.size / TILE)
        return held.map((vector, k) => {
          const partial = device.scratch('sums', 8 * tiles)
          run(isHalf ? 'dotHalves' : 'dot', gradient.size, [
            at(vector),
            device.address(gradient),
            partial,
            gradient.size,
          ])
          return device.doubles(partial, tiles).reduce((sum, part) => sum + part, 0) / (scales[k] as number)
        })
      },
      dispose: () => tf.dispose(held),
    }
  }
}

// Apart from the closures that live on: they would keep `values` with them.
function uploaded(values: Float32Array, scales: readonly number[], isHalf: boolean): Tensor[] {
  const length = values.length / scales.length
  return tf.tidy(() =>
    scales.map((scale, k): Tensor => {
      const row = values.subarray(k * length, (k + 1) * length)
      return isHalf ? tf.tensor1d(halfBits(row, scale), 'int32') : tf.tensor1d(row, 'float32')
    }),
  )
}
