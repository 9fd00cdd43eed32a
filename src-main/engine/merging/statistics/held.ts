// Statistics that lie in memory while a model is merged layer after layer: those of one layer at a time.
import { infoOf, type TensorFile } from '../../formats/tensor-file.ts'
import type { Checkpoint } from '../../weights/slices.ts'
import { statisticsIn } from './given.ts'

export interface HeldStatistics {
  checkpoint: Checkpoint
  /** Square matrices by name, in place of those before. */
  hold(found: ReadonlyMap<string, Float32Array>): void
}

export function heldStatistics(): HeldStatistics {
  const values = new Map<string, Float32Array>()
  const source = {
    path: '',
    name: 'statistics in memory',
    size: 0,
    read: async () => new Uint8Array(),
    beside: () => Promise.reject(new Error('statistics in memory have no folder')),
    close: async () => undefined,
  }
  const tensors: TensorFile['tensors'] = new Map()
  const readRange: TensorFile['readRange'] = async (name, offset, length, into = new Uint8Array(length)) => {
    const own = values.get(name) ?? new Float32Array()
    into.set(new Uint8Array(own.buffer, own.byteOffset + offset, length))
    return into.subarray(0, length)
  }
  const read: TensorFile['read'] = (name, into) => readRange(name, 0, infoOf(tensors, name, source).bytes, into)
  return {
    checkpoint: statisticsIn({ source, format: 'memory', tensors, metadata: {}, read, readRange }),
    hold(found) {
      tensors.clear()
      values.clear()
      for (const [name, numbers] of found) {
        const side = Math.round(Math.sqrt(numbers.length))
        values.set(name, numbers)
        tensors.set(name, { name, dtype: 'F32', shape: [side, side], bytes: numbers.byteLength })
      }
    },
  }
}
