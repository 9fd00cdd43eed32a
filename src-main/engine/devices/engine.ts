// What an engine is: how it is asked for, how it opens, and what it gives when it is open.

import type { Card, EngineInfo, EngineKind } from '../../contract/run/engine-info.ts'
import type { Products } from '../../contract/run/products.ts'
import type { Measured } from './card-file.ts'
import type { Ops } from './ops.ts'

export interface Engine {
  name: string // as BASIL_BACKEND and `prefer` have it
  called: string // as a message has it
  kinds: readonly EngineKind[]
  products: readonly Products[] // what it can multiply in, float32 among them
  /**
   * The open engine, or one line that says why it cannot be used here. Throws where that is no answer: what Basil
   * itself brings is missing.
   */
  open(options: EngineOptions): Promise<OpenEngine | string>
}

export interface EngineOptions {
  threads: number
  /** The path of the native addon, tfjs_binding.node. */
  addon?: string | undefined
  /** Native TensorFlow's way: kernels of ours, or functions. As suits the device where not given (native/ops.ts). */
  how?: 'kernels' | 'functions' | undefined
  /** The folder of the compiled kernels, when it is not out/kernels. */
  kernels?: string | undefined
  /** A part of the name of the card to compute on; any if not given. */
  card?: string | undefined
  /** Asked for by name: a driver that computes on the processor will do. */
  forced?: boolean
  /** The folder where what was measured of a card is kept. */
  tuning?: string | undefined
  /** What is multiplied in; float32 without. An engine is asked for what it lists alone. */
  products?: Products
}

/** products: where it is less than its engine lists, as on another device. */
type OpenEngine = Omit<Backend, 'reason' | 'products'> & { products?: readonly Products[] }

export interface TowerSize {
  rows: number // of activations, in a micro-batch
  width: number
  mlp: number
  patchSize: number
}

export interface Backend {
  name: string // as shown on screen
  kind: EngineKind
  threads: number
  simd: string
  reason: string // why the engines before it are not used; empty where it is the first
  versions: Record<string, string>
  card?: Card | undefined // the GPU, where it is known
  /** Finds what is fastest for a tower, where it is not known yet; a second or two. */
  tune?(tower: TowerSize): Promise<void>
  measured?: Measured // of the card, kept from run to run; not of a processor
  tuning?(): string // a hash of what was chosen by measuring and shows in the bits
  repeats: boolean // the same seed gives the same bits again
  products: readonly Products[] // what a run may ask it for
  ops: Ops
  memory(): { tensors: number; bytes: number }
  /** Bytes taken of the device, with what waits for reuse; where that is not what the tensors hold. */
  takenBytes?(): number
  /**
   * What may be taken on the device and of the host's memory in all, the same at every start on a machine (memory.ts);
   * and what is free now.
   */
  deviceBytes(): number
  hostBytes(): number
  freeBytes(): number // on the device
  close(): void // tensors made on the backend are gone after this
}

/** What is told and kept of a backend. */
export function infoOf({ name, kind, threads, simd, reason, versions, card, tuning, repeats }: Backend): EngineInfo {
  const known = { ...(card && { card }), ...(tuning && { tuning: tuning() }) }
  return { name, kind, threads, simd, reason, versions, ...known, repeats }
}
