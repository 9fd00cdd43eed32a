// What a method sees instead of tensors: a loss of a coefficient table and its gradient. A ViT, a linearised model with
// cached features or a quadratic in a test are all this.
import type { Table } from '../../numbers/table.ts'

export type Split = 'training' | 'validation' | 'test'

/**
 * What an image is taught besides its label, or without one: a class, or the probability of each; its loss counts
 * `weight` times.
 */
export interface Target {
  target: number | Float64Array
  weight: number
}

/** What is the same for all tasks of a step. */
export interface BatchTime {
  // the how-many-th time the training goes over its images, where they are drawn anew in each
  readonly pass?: number | undefined
  readonly progress?: number | undefined // of the stage: 0 in its first epoch, 1 in its last
}

/** Per task, which of its training images a step uses, and where the objective gives them, what each is taught. */
export type Batch = readonly Int32Array[] & BatchTime & { readonly lessons?: readonly (readonly Target[])[] }

export interface Measured {
  loss: number // sum over tasks of the mean loss of a task's images
  /**
   * accuracy: NaN where labels are not known. leading: the share of images taken for the class that most are taken for.
   */
  tasks: { loss: number; accuracy: number; leading?: number }[]
}

export interface Problem {
  readonly groups: readonly string[] // coefficient names, the columns of a table
  readonly vectors: readonly string[] // the rows
  readonly trainingCounts: readonly number[] // images per task
  lossAndGradient(coefficients: Table, batch: Batch): Promise<Measured & { gradient: Table }>
  evaluate(coefficients: Table, split: Split): Promise<Measured>
}
