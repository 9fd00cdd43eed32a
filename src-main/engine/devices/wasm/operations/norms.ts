// Layer norm, its way back and its tangents.
import type { LayerNormSaved, Ops } from '../../ops.ts'
import type { Tensor1D, Tensor2D } from '../../tensor.ts'
import type { WasmDevice } from '../backend.ts'
import { combineChunks, plus } from './products.ts'
import { chunksOf, SMALL_ARRAY, same, stacked } from './tiles.ts'

type Norms = Pick<Ops, 'layerNorm' | 'layerNormAgain' | 'layerNormGradient' | 'layerNormTangent'>

export function norms(device: WasmDevice): Norms {
  const at = device.address
  const layerNorm: Ops['layerNorm'] = (x, gain, bias, epsilon) => {
    const [rows, width] = x.shape
    same('gain of a layer norm', gain.size, width)
    same('bias of a layer norm', bias.size, width)
    const y = device.output<Tensor2D>([rows, width])
    const mean = device.output<Tensor1D>([rows])
    const scale = device.output<Tensor1D>([rows])
    const { chunks, perChunk } = chunksOf(rows)
    const values = [at(x), at(gain), at(bias), at(y), at(mean), at(scale), rows, width, [epsilon], perChunk] as const
    device.pool.run('layerNorm', values, chunks, x.size < SMALL_ARRAY)
    return { y, saved: { mean, scale } }
  }
  return {
    layerNorm,

    layerNormAgain(x, _saved, gain, bias, epsilon) {
      const { y, saved } = layerNorm(x, gain, bias, epsilon)
      saved.mean.dispose()
      saved.scale.dispose()
      return y
    },

    layerNormGradient(dy, x, saved, gain, residual) {
      const [rows, width] = x.shape
      same('dy of a layer norm', dy.size, x.size)
      check(x, saved, gain)
      const dx = device.output<Tensor2D>([rows, width])
      const dgain = device.output<Tensor1D>([width])
      const dbias = device.output<Tensor1D>([width])
      const { chunks, perChunk } = chunksOf(rows)
      const partial = device.scratch('partial', 8 * chunks * width) // (chunks, 2, width)
      const [mean, scale] = [at(saved.mean), at(saved.scale)]
      const values = [at(dy), at(x), mean, scale, at(gain), at(dx), partial, rows, width, perChunk]
      device.pool.run('layerNormGradient', values, chunks, x.size < SMALL_ARRAY)
      combineChunks(device, partial, dgain, chunks, 2 * width)
      combineChunks(device, partial + 4 * width, dbias, chunks, 2 * width)
      return { dx: plus(device, dx, residual), dgain, dbias }
    },

    layerNormTangent(dx, x, saved, gain) {
      const [rows, width] = x.shape
      stacked(dx.size, x.size)
      check(x, saved, gain)
      const out = device.output<Tensor2D>(dx.shape)
      const { chunks, perChunk } = chunksOf(dx.shape[0])
      const [mean, scale] = [at(saved.mean), at(saved.scale)]
      const values = [at(dx), at(x), mean, scale, at(gain), at(out), dx.shape[0], rows, width, perChunk]
      device.pool.run('layerNormTangent', values, chunks, dx.size < SMALL_ARRAY)
      return out
    },
  }
}

function check({ shape: [rows, width] }: Tensor2D, { mean, scale }: LayerNormSaved, gain: Tensor1D): void {
  same('gain of a layer norm', gain.size, width)
  same('means of a layer norm', mean.size, rows)
  same('scales of a layer norm', scale.size, rows)
}
