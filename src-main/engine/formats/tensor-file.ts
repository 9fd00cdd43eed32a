// A file of named tensors, whatever its format: names, types and shapes at once, bytes one tensor, or a part of one, at
// a time. Bytes are those of the elements in row-major order, little-endian, however the file keeps them.
import type { Dtype } from './dtype.ts'
import type { ByteSource } from './source.ts'

export const mostDimensions = 64 // of a tensor, as NumPy and PyTorch have it

export interface TensorInfo {
  name: string
  dtype: Dtype
  shape: number[]
  bytes: number
}

export interface TensorFile {
  source: ByteSource
  format: string
  tensors: Map<string, TensorInfo>
  metadata: Record<string, string>
  /** Into the start of `into` where it is given. */
  read(name: string, into?: Uint8Array): Promise<Uint8Array>
  /**
   * `length` bytes of a tensor from byte `offset` of its own on, both at whole elements; into the start of `into` where
   * it is given.
   */
  readRange(name: string, offset: number, length: number, into?: Uint8Array): Promise<Uint8Array>
}

/** Of a tensor the caller has seen in `tensors`: another name is a fault of ours. */
export function infoOf<T>(tensors: ReadonlyMap<string, T>, name: string, source: ByteSource): T {
  const info = tensors.get(name)
  if (!info) throw new Error(`no tensor ${name} in ${source.name}`)
  return info
}
