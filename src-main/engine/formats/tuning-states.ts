// Where a fine-tuning keeps its states: tensors by name and a record beside them. What is kept is whole or not there.
import type { TensorToWrite } from './safetensors-writer.ts'
import type { TensorFile } from './tensor-file.ts'

/** last: what it goes on from; best: what it may end as. Of each kind the one saved before goes once the next is there. */
export type StateKind = 'last' | 'best'

export interface StateToKeep {
  record: unknown // JSON
  tensors: readonly TensorToWrite[]
  /** A tensor's bytes, when its turn comes; good until the next is asked for. */
  bytes(name: string): Promise<Uint8Array>
}

export interface KeptState {
  record: unknown // not to be believed before it is parsed
  file: TensorFile
  close(): Promise<void>
}

export interface TuningStates {
  /** The bytes it takes on disk. Throws disk-full and target-unwritable; what was kept before is then as it was. */
  keep(kind: StateKind, state: StateToKeep): Promise<number>
  /** Sound, by its checksum; null: there is none. A damaged one counts as none, and is told by `damaged`. */
  open(kind: StateKind): Promise<KeptState | null>
  damaged(): string[] // sentences
}
