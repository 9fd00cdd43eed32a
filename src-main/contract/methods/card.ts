// What a method says of itself, once, for every side: the configuration's choices, defaults and checks, the form, the
// terminal's help, the JSON Schema and its page in the window are made of its card. What it does with a problem is one
// of the engine's ways of learning (engine/learning/ways), which it names.
import type { Described } from '../paper.ts'
import type { StageFields } from '../run/stage-fields.ts'

/** run: a configuration's method; start: what a first difference vector points to; iteration: goes on from a start. */
export type StageKind = 'run' | 'start' | 'iteration'

/** Fields beside those of a stage that only some methods read. */
interface RunFields {
  checkpoint: string
  iterations: number
  control: string
  expansion: string
  trim: number
  merge: string
  set: object
  weights: readonly unknown[]
}
type Values = StageFields & RunFields
export type MethodField = keyof Values

/** Points of a search along one coefficient, both ends included. */
export const gridPoints = 21

/** How a method reads a field, where that is not as the schema and the other methods do. */
export interface Reading<V> {
  readonly value?: Readonly<V> // where the field is left empty
  readonly symbol?: string // the paper's
  readonly least?: number
  readonly most?: number
}

export interface Learning {
  readonly by: string // the name of a way
  /** Nothing of a table of coefficients is learned: there is one for all, or none. */
  readonly tableless?: true
  /** Of a grid: its last point; the first is 0. */
  readonly furthest?: number
  /** Of a grid: it goes the other way where a task is to be forgotten. */
  readonly turns?: true
  /** Of what is taken as it is: every coefficient is the stage's initial one, not 1. */
  readonly takesCoefficient?: true
  /** Of every table how sure it is is kept beside it. */
  readonly uncertain?: true
  /** What every coefficient is for "no change", where a stage does not begin there. */
  readonly still?: number
}

export interface MethodCard extends Described {
  readonly stages: readonly StageKind[]
  readonly learns: Learning
  readonly reads: { readonly [F in MethodField]?: Reading<Values[F]> }
  /** Beside the pre-trained model and the tasks' data, which every run has. */
  readonly needs: { readonly vectors: { readonly least: number; readonly most?: number }; readonly labels?: true }
}

/** What whoever goes step by step reads, and whoever follows a gradient besides. */
export const byStep = { steps: {}, epochs: {}, initialCoefficient: {}, clamp: {}, patience: {} }
export const byGradient = {
  ...byStep,
  learningRate: {},
  schedule: {},
  weightDecay: {},
  penaltyNorm: {},
  penaltyStrength: {},
  combine: {},
  budget: {},
  clipNorm: {},
}
