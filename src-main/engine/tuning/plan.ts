// What a fine-tuning takes, by headers: steps, what is learned, memory at its peak and on disk.
import { cardOf, type ResolvedTuning } from '../../contract/tuning/config.ts'
import type { TuningPlan } from '../../contract/tuning/tuning.ts'
import { product } from '../../numbers/vectors.ts'
import type { Architecture } from '../layouts/clip-names.ts'
import { towerParameters } from '../layouts/clip-names.ts'
import type { Opened } from './open.ts'
import { tapeBytes } from './pieces.ts'
import { mayMove } from './place.ts'
import { type Length, warningsOf } from './schedule.ts'

/** learned: numbers; microBatch: images at a time. */
export function planOf(
  config: ResolvedTuning,
  { base, training, validation, others, notes }: Pick<Opened, 'base' | 'notes'> & Counted,
  length: Length,
  learned: number,
  microBatch: number,
): TuningPlan {
  const { architecture, settings, warnings } = base
  const parameters = sumOf([...towerParameters(architecture).values()].map(product))
  return {
    ...length,
    parameters,
    learned,
    images: {
      training: training.count,
      validation: validation?.count ?? 0,
      test: 0,
      others: others.reduce((sum, { count }) => sum + count, 0),
    },
    memoryBytes: memoryOf(config, architecture, parameters, learned, Math.min(microBatch, config.batch)),
    checkpointBytes: 3 * 4 * learned,
    tower: settings,
    notes: [...notes, ...(base.note ? [base.note] : [])],
    warnings: [...warnings, ...warningsOf(config, length, training.count)],
  }
}

/** How many numbers a kind would learn, before it has looked at anything; of TaLoS at most. */
export function learnedBy(config: ResolvedTuning, architecture: Architecture): number {
  const parameters = [...towerParameters(architecture)].filter(([name]) => mayMove(name, config, architecture))
  const all = sumOf(parameters.map(([, shape]) => product(shape)))
  if (config.kind === 'diff-pruning') return 2 * all
  if (config.kind !== 'lora') return all
  const { width, mlp, layers } = architecture
  const { rank, targets, linearised } = config
  const each = sumOf(
    targets.map((target) => {
      const outputs = target === 'fc1' ? mlp : width
      const inputs = target === 'fc2' ? mlp : width
      return rank * (linearised ? outputs : inputs + outputs)
    }),
  )
  return each * (layers - Math.min(layers, config.frozenLayers))
}

const sumOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)

interface Counted {
  training: { count: number }
  validation: { count: number } | null
  others: readonly { count: number }[]
}

/** What is learned with its two means and its gradient, theta_pre beside it where it stays, and activations. */
function memoryOf(
  { kind }: ResolvedTuning,
  architecture: Architecture,
  parameters: number,
  learned: number,
  images: number,
): number {
  const stays = kind === 'standard' ? parameters - learned : parameters
  return 4 * (4 * learned + stays) + (cardOf(kind).linear === true ? 2 : 1) * images * tapeBytes(architecture)
}
