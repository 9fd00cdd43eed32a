// What a fine-tuning is told: the same file for the window and the command line. Names are fixed, so that scripts can
// rely on them. Paths are relative to the configuration's folder; images and heads are named as a run names them.
import { z } from 'zod'

import { BasilError } from '../errors.ts'
import { productsIn } from '../run/products.ts'
import { count, path, seed } from '../run/stage-fields.ts'
import { type Activation, activations, attentionHeads, layerNormEps } from '../tower.ts'
import type { TuningCard } from './card.ts'
import { type TuningKind, tuningKinds } from './kinds/index.ts'

const task = z.strictObject({
  name: z
    .string()
    .regex(/^[\w .()+-]{1,80}$/, 'use letters, digits, space and . _ - ( ) +')
    .meta({ title: 'Name' }),
  data: path.meta({ title: 'Learning data', description: 'labelled images' }),
  validation: path.optional().meta({ title: 'Validation data', description: 'watched while it learns' }),
  test: path.optional().meta({ title: 'Test data', description: 'opened once, at the end' }),
  head: path.meta({ title: 'Head', description: 'zero-shot, or a probe of the pre-trained model; it stays as it is' }),
})

const common = {
  $schema: z.string().optional(),
  name: z.string().min(1).max(200).optional().meta({ title: 'Name' }),
  pretrained: path.meta({ title: 'Pre-trained model' }),
  task,
  others: z
    .array(path)
    .max(64)
    .default([])
    .meta({ title: 'Other tasks', description: 'images of them, whose labels are not looked at' }),
  epochs: count.optional().meta({
    title: 'Epochs',
    description:
      'passes over the learning data; without epochs and steps those of the field for its data sets, else 2000 steps of 128 images',
  }),
  steps: count.optional().meta({ title: 'Steps', description: 'updates; give steps or epochs' }),
  batch: z.number().int().min(1).max(65_536).default(128).meta({ title: 'Batch', description: 'images of an update' }),
  learningRate: z.number().positive().max(10).optional().meta({ title: 'Learning rate', symbol: 'η' }),
  weightDecay: z.number().min(0).max(100).optional().meta({
    title: 'Weight decay',
    symbol: 'w',
    description: 'of everything that is learned, biases and norms among them',
  }),
  warmup: z.number().int().min(0).max(1_000_000).default(500).meta({
    title: 'Warm-up',
    description: 'steps in which the rate rises; then it falls by half a cosine',
  }),
  clipNorm: z.number().positive().max(1e6).nullable().default(1).meta({
    title: 'Gradient clip',
    description: 'largest norm of the whole gradient; null: none',
  }),
  labelSmoothing: z.number().min(0).lt(1).default(0).meta({ title: 'Label smoothing' }),
  augment: z.boolean().default(true).meta({
    title: 'Augment',
    description: 'crop (90 to 100 % of the image) and flip learning images anew in each epoch',
  }),
  frozenLayers: z.number().int().min(0).max(1000).default(0).meta({
    title: 'Frozen layers',
    description: 'so many first layers stay as they are, and with any of them the embeddings',
  }),
  layerDecay: z.number().gt(0).max(1).default(1).meta({
    title: 'Rate per layer',
    description: "each layer's rate is the next one's times this",
  }),
  keep: z
    .enum(['last', 'best'])
    .default('last')
    .meta({ title: 'Keep', description: 'the last state, as the field does, or the best on validation data' }),
  patience: count.nullable().default(null).meta({
    title: 'Patience',
    description:
      'epochs without a better state before it ends (early stopping, which no published recipe has); null: none',
  }),
  seed: seed.meta({ title: 'Seed' }),
  activation: z.enum(activations).optional().meta({ title: 'Activation' }),
  attentionHeads: attentionHeads.optional().meta({ title: 'Attention heads' }),
  layerNormEps: layerNormEps.optional().meta({ title: 'Layer norm epsilon' }),
  microBatch: z
    .union([z.literal('auto'), count])
    .default('auto')
    .meta({
      title: 'Micro-batch',
      description: 'images held in memory at a time; does not change the result beyond rounding',
    }),
  products: z.enum(productsIn).default('float32').meta({ title: 'Products in' }),
  checkpointEvery: count.default(200).meta({
    title: 'Checkpoint every',
    description: 'steps; what it goes on from after a crash, to the same bits',
  }),
  onUnreadable: z.enum(['skip', 'refuse']).default('skip').meta({ title: 'Unreadable images' }),
}

const of = <K extends (typeof tuningKinds)[number]>({ name, fields }: K) =>
  z.strictObject({ kind: z.literal(name as K['name']), ...common, ...(fields as K['fields']) })

const kinds = z.discriminatedUnion('kind', [
  of(tuningKinds[0]),
  of(tuningKinds[1]),
  of(tuningKinds[2]),
  of(tuningKinds[3]),
  of(tuningKinds[4]),
  of(tuningKinds[5]),
  of(tuningKinds[6]),
])
type Written = z.output<typeof kinds>

const tuningConfigSchema = kinds.check((ctx) => {
  const { value: c } = ctx
  const wrong = (field: string, message: string): void =>
    void ctx.issues.push({ code: 'custom', message, path: [field], input: c })
  if (c.epochs !== undefined && c.steps !== undefined) wrong('steps', 'give steps or epochs, not both')
  const card: TuningCard = cardOf(c.kind)
  if (card.others && c.others.length === 0) wrong('others', `${card.title} looks at images of other tasks: name some`)
  if (!card.others && c.others.length > 0) wrong('others', `${card.title} does not look at other tasks`)
  if (!c.task.validation && (c.keep === 'best' || c.patience !== null))
    wrong(c.keep === 'best' ? 'keep' : 'patience', 'there is no validation data to tell a better state by')
})
export type TuningConfig = z.input<typeof kinds>

/** With every default filled in and every path absolute: what is stored, and what the engine obeys. */
export type ResolvedTuning = Written & {
  name: string
  learningRate: number
  weightDecay: number
}
export type TuningOf<K extends TuningKind> = Extract<ResolvedTuning, { kind: K }>

/** As it is stored: parsed again when it is read. */
export const resolvedTuningSchema = kinds.transform((c, ctx): ResolvedTuning => {
  const { name, learningRate, weightDecay } = c
  if (name !== undefined && learningRate !== undefined && weightDecay !== undefined)
    return { ...c, name, learningRate, weightDecay }
  ctx.issues.push({ code: 'custom', message: 'not spelled out', input: c })
  return z.NEVER
})

export function cardOf(kind: TuningKind): TuningCard {
  return tuningKinds.find(({ name }) => name === kind) as TuningCard
}

/** absolute turns a path of the configuration into an absolute one. Throws config-invalid naming the wrong fields. */
export function resolveTuning(config: unknown, absolute: (path: string) => string): ResolvedTuning {
  const parsed = tuningConfigSchema.safeParse(config)
  if (!parsed.success) throw invalid(parsed.error.issues)
  const c = parsed.data
  const card = cardOf(c.kind)
  const { task } = c
  return {
    ...c,
    name: c.name ?? `${c.kind} on ${task.name}`,
    pretrained: absolute(c.pretrained),
    task: {
      ...task,
      data: absolute(task.data),
      head: absolute(task.head),
      ...(task.validation && { validation: absolute(task.validation) }),
      ...(task.test && { test: absolute(task.test) }),
    },
    others: c.others.map(absolute),
    learningRate: c.learningRate ?? card.learningRate ?? 1e-5,
    weightDecay: c.weightDecay ?? card.weightDecay ?? 0.1,
  }
}

/** What is said of how the tower is computed. */
export function saidOf({ activation, attentionHeads, layerNormEps }: ResolvedTuning): {
  activation: Activation | null
  attentionHeads: number | null
  layerNormEps: number | null
} {
  return {
    activation: activation ?? null,
    attentionHeads: attentionHeads ?? null,
    layerNormEps: layerNormEps ?? null,
  }
}

/** For editors and scripts: JSON Schema, draft 2020-12. */
export function tuningJsonSchema(): object {
  return z.toJSONSchema(kinds, { io: 'input' })
}

function invalid(issues: readonly { path: PropertyKey[]; message: string }[]): BasilError {
  const named = issues.map(({ path, message }) => ({ field: path.map(String).join('.') || 'configuration', message }))
  return new BasilError({
    code: 'config-invalid',
    what: 'The configuration is not valid',
    where: named.map(({ field }) => field).join(', '),
    why: named.map(({ field, message }) => `${field}: ${message}`).join('; '),
    next: 'correct the field; "basil fine-tune --schema" prints what is allowed',
    inWindow: 'correct the field',
  })
}
