// What a merge without training says of itself, once, for every side: the terminal's options and help, the check of a
// recipe, the names of what is combined and the model's card follow from it. What it computes stands on the page of its
// name in engine/merging. A merge is a step: vectors come in, and vectors go out, of which the model is
//   theta_b = theta_pre,b + sum_v c_v,b tau_v,b
import type { z } from 'zod'

import type { Paper } from '../paper.ts'

/**
 * one: a vector in place of them all; each: of each one or more of its own, in their order; model: the whole model,
 * which is taken as it is.
 */
export type Gives = 'one' | 'each' | 'model'

/** What a preset says, as another program or the paper has it; the rest stays at its default. */
export interface Preset<P extends z.ZodObject = z.ZodObject> {
  readonly parameters: Partial<z.input<P>>
  readonly coefficient?: number // lambda
}

export interface Needs {
  /**
   * Whether it is the difference from a pre-trained model that is merged; a merge that has both forms says it of its
   * parameters.
   */
  readonly base: boolean | ((parameters: Readonly<Record<string, unknown>>) => boolean)
  /** How many models beside that one. */
  readonly least: number
  readonly most?: number
  /** In words, what of some images of each task it wants (Sources.statistics): "squared gradients of each weight". */
  readonly statistics?: string
  /** Whether it wants each task's head for them, too. */
  readonly heads?: boolean
}

/** What stands together where merges are chosen from: the idea that they share. */
export const mergeKinds = {
  averages: 'Averages',
  vectors: 'Sums of task vectors',
  consensus: 'Agreement of task vectors',
  sparse: 'Thinned task vectors',
  spectral: 'Singular vectors',
  spheres: 'On the sphere',
  pairs: 'Pairs of models',
  masks: 'A model for each task',
  federated: 'Federated learning',
  statistics: 'Statistics of images',
} as const
export type MergeKind = keyof typeof mergeKinds

export interface MergeCard<P extends z.ZodObject = z.ZodObject> {
  readonly name: string // in recipes and on the command line
  readonly title: string
  readonly kind: MergeKind
  readonly paper: Paper | null
  readonly sentence: string // what it does
  readonly when: string // one chooses it
  readonly costs: string // in time and passes
  readonly equation: string
  /** Numbers, words and switches, each with its default, its bounds, and as meta a title, a description and a symbol. */
  readonly parameters: P
  /** By name: "as mergekit", "as fusion_bench", "as the paper". */
  readonly presets?: Readonly<Record<string, Preset<P>>>
  readonly needs: Needs
  /** What each vector that it gives is multiplied by where nobody says (lambda); of a whole model 1. */
  readonly coefficient: number
  /**
   * What becomes of a person's weights, one for each model. own: the merge is given them (Part.weights) and decides;
   * coefficients: they multiply those of the vectors that it gives, in their order. Else a task vector is multiplied by
   * its own before the merge sees it, and a merge of models takes none.
   */
  readonly weights?: 'own' | 'coefficients'
  /** Whether it divides by the sum of the weights, which then must not be 0. */
  normalizes?(parameters: z.output<P>): boolean
  /** Parameters, numbers, that each model may have of its own (Step.each). */
  readonly each?: readonly (keyof z.output<P> & string)[]
  /** Task vectors as they are, each with its coefficient: what any model is put together by in the end. */
  readonly plain?: true
  /**
   * Where it is linear in its vectors: how much of each it gives, of weights that a person or nobody gave; null where
   * these parameters make it no such merge.
   */
  shares?(parameters: z.output<P>, weights: readonly number[]): number[] | null
  /** The mean that a greedy soup is, where nobody says how else its models are merged. */
  readonly soup?: true
  gives(parameters: z.output<P>): Gives
  /** Of what it gives, where "title of n", or the names of what came in, does not say it. */
  names?(vectors: readonly string[], parameters: z.output<P>): string[]
  /** What a run's configuration asks of it; null: nothing. */
  ofRun?(config: AskedOfRun): z.input<P> | null
}

/**
 * Of a run's configuration, said here: its choices are made of methods' cards, and a method may take a merge's. Runs of
 * 0.1.0 do not say trim and parts.
 */
export interface AskedOfRun {
  readonly trim?: number | null
  readonly parts?: number
  readonly seed: number
  readonly start: { readonly method: string }
}
