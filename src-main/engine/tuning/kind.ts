// What a kind of fine-tuning is to the loop: what it learns, the model at that, and the way back from the gradient of
// the weights. A kind is a page in kinds/ that makes one of these.
import type { Progress } from '../../contract/run/run.ts'
import type { TuningOf } from '../../contract/tuning/config.ts'
import type { TuningKind } from '../../contract/tuning/kinds/index.ts'
import type { LabelledImages } from '../datasets/images.ts'
import type { Tensor, Weights } from '../devices/tensor.ts'
import type { Tower } from '../models/clip-vit.ts'
import type { Model } from '../models/model.ts'
import type { Wants } from '../models/transformer-layer.ts'
import type { Head } from '../problems/head.ts'
import type { MicroBatch } from '../problems/micro-batch.ts'
import type { Gradients } from './gradients.ts'
import type { Adapter } from './host.ts'

/** Where a kind learns. */
export interface Place {
  tower: Tower
  base: Weights // theta_pre on the device, as the tower holds it; the place's
  /** A parameter of theta_pre, which is the caller's from now on, and no more the place's. */
  takeOver(name: string): Tensor
  /** Of the tower's parameters, by name, in their files' shapes, those that may move and those that may not. */
  parameters: ReadonlyMap<string, number[]>
  mayMove: Wants
  /** What a parameter's learning rate is multiplied by. */
  rateOf(name: string): number
  head: Head
  images: { training: LabelledImages; validation: LabelledImages | null; others: readonly LabelledImages[] }
  microBatch: MicroBatch
  /** Images that a step's first piece may have beyond a micro-batch, for the bytes of gradients not there yet. */
  spare(gradientBytes: number): number
  signal: AbortSignal
  length: { steps: number; stepsPerEpoch: number }
}

/** One update. */
export interface Update {
  step: number // from 0
  rate: number
  clipNorm: number | null
  weightDecay: number
}

export interface Learner {
  readonly learned: number // how many numbers are learned
  readonly wants: Wants // gradients of the weights
  readonly moves: Wants // weights that may come to differ from theta_pre
  /**
   * The model as it is now, at a step that is at work, or null where it is looked at; `close` frees what was made for it
   * alone.
   */
  open(step: number | null): { model: Model; close(): void }
  /** What a parameter's gradient is to what is learned. */
  back(name: string, gradient: Tensor, gradients: Gradients): void
  /** What the kind adds to the loss at a step, with its gradient. Gives its value. */
  penalty?(step: number, gradients: Gradients): Promise<number>
  /** One update; gives the gradient's norm before it is clipped. Throws not-finite, and nothing has moved then. */
  move(gradients: Gradients, update: Update): Promise<number>
  /** Of a parameter that moves, as it would be written, in the tower's order. */
  theta(name: string): Promise<Float32Array>
  /** All that goes on from here depends on; numbers on the host as they are. */
  state(): [string, Tensor | Float32Array][]
  restore(kept: Kept): Promise<void>
  /** Of LoRA: its factors as PEFT has them. */
  adapter?(): Promise<Adapter>
  notes: string[]
  dispose(): void
}

/** What an earlier sitting kept, by the names of `Learner.state`. */
export interface Kept {
  has(name: string): boolean
  read(name: string): Promise<Float32Array>
}

/** Tells how far it is where it takes long. kept: what is to be gone on from; null: from the beginning. */
export type MakeLearner<K extends TuningKind> = (
  place: Place,
  config: TuningOf<K>,
  kept: Kept | null,
) => Learner | AsyncGenerator<Progress, Learner>
