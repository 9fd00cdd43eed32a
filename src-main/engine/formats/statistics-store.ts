// Where statistics of models on images outlive the work that found them, as the engine sees it: one safetensors file
// for each identity, which says what the numbers are a function of. The engine has no disk; its host brings the store.
import type { Bytes, Sha256 } from '../../contract/branded.ts'
import type { TensorToWrite } from './safetensors-writer.ts'

export interface KeptStatistics {
  file: string // path
  name: string
  sha256: Sha256
  bytes: Bytes
}

/** A file that is being written; it has its name when it is whole. */
export interface StatisticsWriter {
  /** The next tensor's numbers, in the order that was said. */
  write(values: Float32Array): Promise<void>
  end(): Promise<KeptStatistics>
  abandon(): Promise<void>
}

export interface StatisticsStore {
  /** Throws config-invalid where so many bytes never lie together. */
  requireRoom(bytes: number): void
  find(identity: string): Promise<KeptStatistics | undefined>
  /** Float32, in this order. */
  begin(identity: string, tensors: readonly Omit<TensorToWrite, 'dtype'>[]): Promise<StatisticsWriter>
}
