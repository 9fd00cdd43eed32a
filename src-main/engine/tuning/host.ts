// What a fine-tuning is given, and what it gives: the world outside (files, hashes, where states are kept, the person's
// wishes), and the model in the end.
import type { Bytes, Sha256 } from '../../contract/branded.ts'
import type { Parent } from '../../contract/run/run.ts'
import type { ImageHost } from '../datasets/prepared.ts'
import type { Backend } from '../devices/backend.ts'
import type { OpenSource } from '../formats/source.ts'
import type { TensorFile } from '../formats/tensor-file.ts'
import type { TuningStates } from '../formats/tuning-states.ts'

export interface TuningHost {
  backend: Backend
  open: OpenSource
  hash(path: string): Promise<{ sha256: Sha256; bytes: Bytes }>
  images?: ImageHost | undefined // without, tensor files alone are read
  states: TuningStates
  parents: Parent[] // recorded by an earlier sitting; empty for a new one
  stopping(): boolean // what there is by now is to be the model
  signal: AbortSignal // nothing more is wanted
}

/** The fine-tuned model, to be written before `close`. */
export interface TunedModel {
  file: TensorFile // canonical tensors: what was learned in float32, the rest as the pre-trained model has it
  adapter: Adapter | null // of LoRA

  close(): Promise<void>
}

/** Factors as PEFT has them, "base_model.model.MODULE.lora_A.weight", with the scale in B. */
export interface Adapter {
  tensors: readonly { name: string; shape: number[]; values: Float32Array }[]
  modules: readonly { module: string; rank: number }[]
}
