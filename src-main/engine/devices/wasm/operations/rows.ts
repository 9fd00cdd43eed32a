// Rows and tokens: picked, put, stacked; patches behind their class token, and the way back.
import type { Ops } from '../../ops.ts'
import type { Tensor, Tensor1D, Tensor2D } from '../../tensor.ts'
import type { WasmDevice } from '../backend.ts'
import { sumInto } from './products.ts'
import { ROWS, SMALL_ARRAY, same } from './tiles.ts'

type Rows = Pick<Ops, 'embedding' | 'embeddingGradient' | 'takeRows' | 'putRows' | 'stackRows' | 'repeatRow' | 'zeros'>

export function rows(device: WasmDevice): Rows {
  const at = device.address

  /** Row r of the result is row from[r] of x, (rows of any number, width); zeros where that is -1. */
  const pick = <T extends Tensor>(x: Tensor, width: number, from: Int32Array, shape: T['shape']): T => {
    const n = x.size / width
    if (from.some((row) => row < -1 || row >= n)) throw new RangeError(`there are ${n} rows, and others were asked for`)
    const out = device.output<T>(shape)
    const numbers = device.scratch('rows', from.byteLength)
    device.write(numbers, from)
    const tiles = Math.ceil(from.length / ROWS)
    device.pool.run('pickRows', [at(x), at(out), numbers, from.length, width], tiles, out.size < SMALL_ARRAY)
    return out
  }

  return {
    embedding(patches, classToken, positions) {
      const [tokens, width] = positions.shape
      const images = patches.shape[0] / (tokens - 1)
      same('sizes of patches', patches.size, images * (tokens - 1) * width)
      same('sizes of a class token', classToken.size, width)
      const count = images * tokens
      const out = device.output<Tensor2D>([count, width])
      const values = [at(patches), at(classToken), at(positions), at(out), count, tokens, width]
      device.pool.run('embedding', values, Math.ceil(count / ROWS), out.size < SMALL_ARRAY)
      return out
    },

    embeddingGradient(dy, images) {
      const [count, width] = dy.shape
      const tokens = count / images
      const dpositions = sumInto(device, device.output<Tensor2D>([tokens, width]), dy, images)
      const dclassToken = pick<Tensor1D>(dpositions, width, Int32Array.of(0), [width])
      const ofPatches = Int32Array.from({ length: count - images }, (_, i) => i + Math.floor(i / (tokens - 1)) + 1)
      return { dpatches: pick(dy, width, ofPatches, [count - images, width]), dclassToken, dpositions }
    },

    takeRows: (x, wanted) => pick(x, x.shape[1], Int32Array.from(wanted), [wanted.length, x.shape[1]]),

    putRows(x, places, n) {
      const from = new Int32Array(n).fill(-1)
      places.forEach((place, row) => {
        from[place] = row
      })
      return pick(x, x.shape[1], from, [n, x.shape[1]])
    },

    stackRows(parts) {
      const width = parts[0]?.shape[1] ?? 0
      for (const { shape } of parts) same('widths of rows', shape[1], width)
      const out = device.output<Tensor2D>([parts.reduce((sum, { shape }) => sum + shape[0], 0), width])
      let to = at(out)
      for (const part of parts) {
        device.copy(at(part), to, 4 * part.size)
        to += 4 * part.size
      }
      return out
    },

    repeatRow: (row, count) => pick(row, row.size, new Int32Array(count), [count, row.size]),

    zeros<T extends Tensor>(shape: T['shape']): T {
      const out = device.output<T>(shape)
      device.clear(at(out), 4 * out.size)
      return out
    },
  }
}
