// Attention and its way back and forward mode (attention-kernels.ts). No (tokens, tokens) probabilities are kept: the
// forward pass leaves of each row the logarithm of its sum, and the output, which its taker mostly holds anyway.
import type { AttentionSaved, AttentionShape, Ops } from '../ops.ts'
import type { Tensor, Tensor1D, Tensor2D } from '../tensor.ts'
import { forward, keyValueGradient, meanSlopes, queryGradient, tangent } from './attention-kernels.ts'
import { columnsOf, tile } from './attention-tiles.ts'
import { inRows, type WebGpuDevice } from './device.ts'
import { tangentsIn } from './tangents.ts'

type Attention = Pick<Ops, 'attention' | 'attentionGradient' | 'attentionTangent'>

class Saved implements AttentionSaved {
  readonly y: Tensor2D
  readonly logs: Tensor1D // (images * heads * tokens)

  constructor(y: Tensor2D, logs: Tensor1D) {
    this.y = y
    this.logs = logs
  }

  dispose(): void {
    this.y.dispose()
    this.logs.dispose()
  }
}

export function attention(gpu: WebGpuDevice): Attention {
  const sizes = (x: Tensor, parts: 1 | 3, { heads, causal = false }: AttentionShape) => {
    const width = (x.shape[1] ?? 0) / parts
    const columns = columnsOf(width / heads, gpu.limits.maxComputeWorkgroupStorageSize)
    return [width, heads, columns, causal] as const
  }
  const blocks = ({ images, heads, tokens }: AttentionShape): [number, number] => [
    images * heads,
    Math.ceil(tokens / tile),
  ]
  return {
    attention(qkv, shape) {
      const { images, tokens, heads } = shape
      const y = gpu.output<Tensor2D>([images * tokens, qkv.shape[1] / 3])
      const logs = gpu.output<Tensor1D>([images * heads * tokens])
      gpu.run(forward(...sizes(qkv, 3, shape)), [qkv, y, logs], blocks(shape), [tokens])
      return { y, saved: new Saved(gpu.reshaped<Tensor2D>(y, y.shape), logs) }
    },

    attentionGradient(dy, qkv, saved, shape) {
      const { y, logs } = own(saved)
      const given = sizes(qkv, 3, shape)
      const slopes = gpu.output<Tensor1D>(logs.shape)
      gpu.run(meanSlopes(given[0], given[1]), [dy, y, slopes], inRows(Math.ceil(logs.size / 64)), [
        shape.tokens,
        logs.size,
      ])
      const dqkv = gpu.output<Tensor2D>(qkv.shape)
      for (const made of [queryGradient(...given), keyValueGradient(...given)])
        gpu.run(made, [qkv, dy, logs, slopes, dqkv], blocks(shape), [shape.tokens])
      slopes.dispose()
      return dqkv
    },

    attentionTangent(dqkv, qkv, saved, shape) {
      const { y, logs } = own(saved)
      const count = tangentsIn(dqkv, qkv)
      const dy = gpu.output<Tensor2D>([count * y.shape[0], y.shape[1]])
      gpu.run(tangent(...sizes(qkv, 3, shape)), [qkv, dqkv, y, logs, dy], [...blocks(shape), count], [shape.tokens])
      return dy
    },
  }
}

function own(saved: AttentionSaved): Saved {
  if (!(saved instanceof Saved)) throw new TypeError("attention of another engine's")
  return saved
}
