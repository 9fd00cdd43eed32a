// Attention, its way back and its tangents, one (image, head) a tile. Kept for both are the probabilities (images *
// heads, tokens, tokens); causal, they are 0 above the diagonal.
import type { AttentionShape, Ops } from '../../ops.ts'
import type { Tensor2D, Tensor3D } from '../../tensor.ts'
import type { WasmDevice } from '../backend.ts'
import { PANEL, roundUp, SMALL_PRODUCT, same, stacked, threadScratch } from './tiles.ts'

type Attention = Pick<Ops, 'attention' | 'attentionGradient' | 'attentionTangent'>

export function attention(device: WasmDevice): Attention {
  const { pool, address: at } = device

  // Scratch of one thread: `extra` floats, the block of A and the edge tile, then B packed.
  const scratchOf = (tokens: number, size: number, extra: number): [number, number] => {
    const b = Math.max(size * roundUp(tokens, PANEL), tokens * roundUp(tokens, PANEL), tokens * roundUp(size, PANEL))
    const bytes = threadScratch(4 * (extra + b) + 16)
    return [device.scratch('threads', bytes * pool.threads), bytes]
  }

  return {
    attention(qkv, shape) {
      const { images, tokens, heads } = shape
      const { width, size, sharpness } = sizes(qkv, shape)
      const y = device.output<Tensor2D>([images * tokens, width])
      const probabilities = device.output<Tensor3D>([images * heads, tokens, tokens])
      const scratch = scratchOf(tokens, size, 0)
      const places = [at(qkv), at(y), at(probabilities)]
      const values = [...places, tokens, heads, size, sharpness, ...scratch, shape.causal ? 1 : 0]
      pool.run('attention', values, images * heads, images * tokens * tokens * width < SMALL_PRODUCT)
      return { y, saved: probabilities }
    },

    attentionGradient(dy, qkv, probabilities: Tensor3D, shape) {
      const { images, tokens, heads } = shape
      const { width, size, sharpness } = sizes(qkv, shape)
      same('dy of attention', dy.size, images * tokens * width)
      same('probabilities of attention', probabilities.size, images * heads * tokens * tokens)
      const dqkv = device.output<Tensor2D>(qkv.shape)
      const scratch = scratchOf(tokens, size, tokens * tokens)
      const places = [at(dy), at(qkv), at(probabilities), at(dqkv)]
      const values = [...places, tokens, heads, size, sharpness, ...scratch]
      pool.run('attentionGradient', values, images * heads, images * tokens * tokens * width < SMALL_PRODUCT)
      return dqkv
    },

    attentionTangent(dqkv, qkv, probabilities: Tensor3D, shape) {
      const { images, tokens, heads } = shape
      const { width, size, sharpness } = sizes(qkv, shape)
      const k = stacked(dqkv.size, qkv.size)
      same('probabilities of attention', probabilities.size, images * heads * tokens * tokens)
      const out = device.output<Tensor2D>([k * images * tokens, width])
      const larger = tokens * Math.max(tokens, size)
      const scratch = scratchOf(tokens, size, 2 * larger)
      const places = [at(dqkv), at(qkv), at(probabilities), at(out)]
      const values = [...places, images, tokens, heads, size, sharpness, ...scratch, larger]
      pool.run('attentionTangent', values, k * images * heads, k * images * tokens * tokens * width < SMALL_PRODUCT)
      return out
    },
  }
}

/** Three equal parts of a row of qkv, `heads` to a part; sharpness: 1 / sqrt(size), as a kernel takes it. */
function sizes(
  qkv: Tensor2D,
  { images, tokens, heads }: AttentionShape,
): { width: number; size: number; sharpness: readonly [number] } {
  const width = qkv.shape[1] / 3
  same('rows of qkv', qkv.shape[0], images * tokens)
  if (!Number.isInteger(width / heads)) throw new RangeError(`qkv of width ${qkv.shape[1]} is not 3 x ${heads} heads`)
  return { width, size: width / heads, sharpness: [1 / Math.sqrt(width / heads)] }
}
