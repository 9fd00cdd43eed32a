// Every stream of random numbers, by name. A draw is a function of (seed, stream, draw, index) (random.ts), so two
// purposes draw apart as long as no number below serves both. A stream's number is
//   first + sum over its keys of step * key,
// and is part of what a run is: one that is resumed, and a split that is named, must find the numbers they began with.
import { mostIterations, mostTasks } from '../contract/run/limits.ts'

/** What streams are keyed by, and how many there are of each. Stage 0 is a run's start, stage k its k-th iteration. */
export const keys = { stage: mostIterations + 1, task: mostTasks }

export const streams = {
  /** The order of a task's images; a draw is an epoch, an index a place. 0 to 50,063. */
  batches: { first: 0, step: { stage: 1000, task: 1 } },
  /** Samples of CMA-ES; a draw is a generation's sample, an index a coefficient. 999 to 50,999. */
  samples: { first: 999, step: { stage: 1000 } },
  /** Which images a linear probe holds out; an index is a place. */
  heldOut: { first: 598_126, step: {} },
  /** Which trusted image of UFM comes for an image; a draw is a pass. 700,000 to 700,063. */
  trusted: { first: 700_000, step: { task: 1 } },
  /** The parts that a tensor's elements are dealt to; a draw is a tensor, an index four elements. */
  parts: { first: 800_000, step: {} },
  /** Task vector bases: a draw is a basis, an index a task. */
  bases: { first: 810_000, step: {} },
  /** Sketches of matrices; an index is an element. */
  sketches: { first: 820_000, step: {} },
  /** Draws of a posterior over coefficients; a draw is a step, an index a coefficient. 830,000 to 830,050. */
  posterior: { first: 830_000, step: { stage: 1 } },
  /** Random directions in weight space; a draw is a tensor, an index an element. 900,000 to 900,050. */
  directions: { first: 900_000, step: { stage: 1 } },
  /** k images a class; an index is a place. */
  shots: { first: 2 ** 30, step: {} },
  /** n images in all; an index is a place. */
  subset: { first: 2 ** 30 + 1, step: {} },
  /** Values of a study's random arms; an index is a value. */
  arms: { first: 2 ** 30 + 2, step: {} },
  /** Pictures that a benchmark makes for itself. */
  pictures: { first: 2 ** 30 + 3, step: {} },
  /** Masks of merges; a draw is a model and a tensor by name, an index four elements (engine/merging/sparse/mask.ts). */
  masks: { first: 2 ** 30 + 4, step: {} },
  /** Weights of a merge that are searched by scores; a draw is a generation's sample, an index a weight. */
  weights: { first: 2 ** 30 + 5, step: {} },
  /** Images that a merge looks at, draw 0 and an index a place; their labels, draw 1 and an index an image. */
  looked: { first: 2 ** 30 + 6, step: {} },
  /** The order in which images are seen while coefficients are moved by hand; a draw is a task, an index a place. */
  seen: { first: 2 ** 30 + 7, step: {} },
  /** First factors of low-rank adapters; a draw is 6 layer + the place of its matrix among a layer's, an index an element. */
  adapters: { first: 2 ** 30 + 8, step: {} },
  /**
   * Noise of gates that choose which weights move; a draw is a step, an index an element of all tensors in the order of
   * their names, and behind those a tensor.
   */
  gates: { first: 2 ** 30 + 9, step: {} },
  /** Signs of directions in which features are followed back; a draw is a task's probe, an index one of all images' numbers. */
  probes: { first: 2 ** 30 + 10, step: { task: 1 } },
  /**
   * An image's crop and flip, augmented or in a strong view (no run has both); a draw is a pass, an index one of an
   * image's 64. 2^31 to 2^31 + 63.
   */
  views: { first: 2 ** 31, step: { task: 1 } },
} as const satisfies Record<string, { first: number; step: { [K in keyof typeof keys]?: number } }>

type Name = keyof typeof streams
type KeysOf<N extends Name> = keyof (typeof streams)[N]['step'] & keyof typeof keys
type KeyArguments<N extends Name> = [KeysOf<N>] extends [never] ? [] : [key: { readonly [K in KeysOf<N>]: number }]

/** The number of a stream, below 2^32. Throws a RangeError for a stage or task beyond those a run may have. */
export function streamOf<N extends Name>(name: N, ...[key]: KeyArguments<N>): number {
  let { first: number }: { first: number } = streams[name]
  for (const [kind, step] of Object.entries<number>(streams[name].step)) {
    const at = key?.[kind as KeysOf<N>] ?? Number.NaN
    if (!(at >= 0 && at < keys[kind as KeysOf<N>])) throw new RangeError(`${kind} ${at} of the stream ${name}`)
    number += step * at
  }
  return number
}

/** The number of an epoch within a run, for draws that differ from stage to stage; a stage has at most a million. */
export function passOf(stage: number, epoch: number): number {
  return stage * 2 ** 20 + epoch
}

/** The pass in which UFM judges states: the same views each time, and those of no epoch. */
export const judgingPass = 2 ** 31
