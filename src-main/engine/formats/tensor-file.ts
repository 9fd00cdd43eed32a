// A file of named tensors, whatever its format: names, types and shapes at once, bytes one tensor at a time.
import type { Dtype } from './dtype.ts'
import type { ByteSource } from './source.ts'

export interface TensorInfo {
  name: string
  dtype: Dtype
  shape: number[]
  offset: number // bytes from the start of the file
  bytes: number
}

export interface TensorFile {
  source: ByteSource
  format: string
  tensors: Map<string, TensorInfo>
  metadata: Record<string, string>
  /** Into the start of `into` where it is given. */
  read(name: string, into?: Uint8Array): Promise<Uint8Array>
}
