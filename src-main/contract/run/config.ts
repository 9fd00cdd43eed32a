// What a run is told: the same file for the window and the command line. Names are fixed, so that scripts can rely on
// them. Paths are relative to the configuration's folder; "file.safetensors#name" points into a tensor file.
import { z } from 'zod'

import { merges } from '../merges/index.ts'
import { stepSchema } from '../merges/step.ts'
import { weightSchema } from '../merges/valued.ts'
import { methodCard, methodNames } from '../methods/lookup.ts'
import { objectiveCard, objectiveNames, objectivesThat } from '../objectives/lookup.ts'
import { activations, attentionHeads, layerNormEps, saidFields, towerSettingsSchema } from '../tower.ts'
import { conflicts } from './conflicts.ts'
import { brief, listed } from './in-words.ts'
import { mostIterations, mostTasks } from './limits.ts'
import { productsIn, productsOf } from './products.ts'
import { stageSettings } from './stage.ts'
import { count, length, optimiser, path, seed } from './stage-fields.ts'

const methods = methodNames('run')
const starts = methodNames('start')
const objectives = objectiveNames()
const aims = ['learn', 'forget', 'keep'] as const
const controls = ['none', 'isotropic', 'restart', 'random'] as const
const expansions = ['pretrained', 'moved'] as const
const linearisations = ['no', 'jvp', 'cached'] as const
const adaptations = ['corrected', 'released', 'paper'] as const
const pools = ['all', 'others'] as const
const groupings = ['tensor', 'layer', 'scalar'] as const
const unreadable = ['skip', 'refuse'] as const
const precisions = ['float32', 'float16'] as const
const selections = ['training-loss', 'validation-loss', 'validation-accuracy'] as const

const task = z.strictObject({
  name: z
    .string()
    .regex(/^[\w .()+-]{1,80}$/, 'use letters, digits, space and . _ - ( ) +')
    .meta({ title: 'Name' }),
  aim: z.enum(aims).default('learn').meta({
    title: 'Aim',
    description: 'forget: the loss is ascended (negation); keep: a control whose accuracy must stay, and is descended',
  }),
  data: path.meta({ title: 'Learning data', description: 'images the coefficients are learned on, "file#name"' }),
  head: path.meta({
    title: 'Head',
    description: '"file#head.name", or a file that holds one head, such as the field\'s head_CarsVal.pt',
  }),
  validation: path
    .optional()
    .meta({ title: 'Validation data', description: 'images that choose the best state and stop early' }),
  test: path.optional().meta({ title: 'Test data', description: 'opened once, at the end' }),
  finetuned: path.optional().meta({
    title: 'Fine-tuned model',
    description:
      "what relative accuracy is relative to; else the vector whose file name holds the task's name, else the one at the same place in the list",
  }),
})

/** Of a merge without training, as the run's method or its start. */
const merge = {
  merge: z
    .enum(merges.map(({ name }) => name))
    .optional()
    .meta({
      title: 'Merge',
      description: 'for method or start "merge"',
      enumDescriptions: merges.map(({ title, sentence }) => `${title}: ${sentence}`),
    }),
  set: z
    .record(z.string(), z.unknown())
    .optional()
    .meta({ description: 'its parameters where they are not the defaults, { "density": 0.2 }' }),
  weights: z.array(weightSchema).optional().meta({ description: 'of the fine-tuned models, one for each' }),
}

const start = z.strictObject({
  method: z.enum(starts).meta({
    title: 'Start',
    description: 'what the first difference vector points to',
    enumDescriptions: starts.map((name) => brief(methodCard(name))),
  }),
  checkpoint: path
    .optional()
    .meta({ title: 'Checkpoint', description: 'a merged or fine-tuned model, for start "checkpoint"' }),
  ...merge,
  ...length,
  ...optimiser,
})

export const configSchema = z
  .strictObject({
    $schema: z.string().optional(),
    name: z.string().min(1).max(200).optional().meta({ title: 'Name' }),
    method: z.enum(methods).meta({ title: 'Method', enumDescriptions: methods.map((name) => brief(methodCard(name))) }),
    pretrained: path.meta({ title: 'Pre-trained model' }),
    vectors: z
      .array(path)
      .max(64)
      .default([])
      .meta({ title: 'Fine-tuned models', description: 'each gives one task vector' }),
    tasks: z.array(task).min(1, 'name at least one task').max(mostTasks),
    pool: z.enum(pools).default('all').meta({
      title: 'Pool',
      description: "others: a task's own fine-tuned model gives no vector, only what relative accuracy is relative to",
    }),
    objective: z
      .enum(objectives)
      .default('cross-entropy')
      .meta({
        title: 'Objective',
        description: `${listed(objectivesThat(({ unlabelled }) => unlabelled === true))} need no labels`,
        enumDescriptions: objectives.map((name) => brief(objectiveCard(name))),
      }),
    ufm: z.enum(adaptations).default('corrected').meta({
      title: 'UFM as',
      description:
        'released: as in its code, where every image is trusted; corrected: the same without that slip; paper: more trusted images, found anew in each epoch, soft targets, a threshold rising from 0.9 to 1',
    }),
    blocks: z
      .enum(groupings)
      .default('tensor')
      .meta({
        title: 'Coefficients',
        description: 'one per parameter tensor, per layer, or one in all',
        enumDescriptions: ['One a tensor: the finest', 'One a layer: fewer', 'One in all: of each vector'],
      }),
    select: z.enum(selections).optional().meta({
      title: 'Select by',
      description: 'the metric that picks the best state; default: validation loss where there is validation data',
    }),
    linearised: z
      .enum(linearisations)
      .default('no')
      .meta({
        title: 'Linearised',
        description:
          'first order in the weights, around the pre-trained model: jvp computes it anew in every step; cached computes each image once, keeps its features on disk, and then learns in seconds',
        enumDescriptions: ['No: as it is', 'Anew in every step: jvp', 'Cached features: computed once'],
      }),
    expansion: z.enum(expansions).default('pretrained').meta({
      title: 'Expanded at',
      description:
        'of a linearised model: the pre-trained model throughout, or moved to the present optimum at the beginning of each iteration of dv-basi, f(theta) + J(theta) Lambda delta, as the released code does',
    }),
    batch: z
      .union([z.literal('all'), count])
      .default(16)
      .meta({ title: 'Batch', description: 'images per task and step, or all' }),
    seed: seed.meta({ title: 'Seed' }),
    activation: z.enum(activations).optional().meta({
      title: 'Activation',
      description:
        'default: what config.json or open_clip_config.json beside the pre-trained model says, else what is known of its shape',
    }),
    attentionHeads: attentionHeads.optional().meta({
      title: 'Attention heads',
      description:
        'of the image tower; default: found as the activation is. Weights do not tell it, and a wrong number gives wrong results',
    }),
    layerNormEps: layerNormEps
      .optional()
      .meta({ title: 'Layer norm epsilon', description: 'default: found as the activation is, else 1e-5' }),
    microBatch: z
      .union([z.literal('auto'), count])
      .default('auto')
      .meta({
        title: 'Micro-batch',
        description:
          'images held in memory at a time; auto: what suits the engine; does not change the result beyond rounding',
      }),
    augment: z.boolean().default(false).meta({
      title: 'Augment',
      description:
        'crop and flip learning images of data sets anew in each epoch, as the field fine-tunes (90 to 100 % of the image)',
    }),
    onUnreadable: z.enum(unreadable).default('skip').meta({
      title: 'Unreadable images',
      description: 'skip: leave them out, and list them with the run; refuse: do not run',
    }),
    vectorPrecision: z.enum(precisions).default('float32').meta({
      title: 'Vectors in',
      description:
        'float16 halves the memory of task vectors while coefficients are learned; results differ in the fourth digit',
    }),
    products: z
      .enum(productsIn)
      .default('float32')
      .meta({
        title: 'Products in',
        description:
          'how the factors of matrix products are rounded; sums and all else stay float32. The fewer bits, the faster a card and the coarser the result: to be the same for the same bits, and refused by an engine that does not have it',
        enumDescriptions: productsIn.map((name) => productsOf[name]),
      }),
    keep: z.number().min(0).max(1).default(0.95).meta({
      title: 'Control kept',
      description:
        "share of the pre-trained model's accuracy that tasks with aim keep must hold; the stage stops and rolls back where it is lost",
    }),
    trim: z.number().gt(0).max(1).optional().meta({
      title: 'Trim',
      description:
        'the share of largest elements of each vector that stays, its sign elected, as in TIES and AdaMerging++ (0.2)',
    }),
    parts: z.number().int().min(1).max(64).default(1).meta({
      title: 'Parts of a vector',
      description:
        'aTLAS x K: elements of each tensor are dealt out at random to so many parts, each with coefficients of its own',
    }),
    control: z.enum(controls).default('none').meta({
      title: 'Control',
      description:
        'what stands in for the iterations of dv-basi, with the same steps: one coefficient for all blocks (isotropic), the first difference vector with free coefficients (restart), or a random direction of equal norm in every block (random)',
    }),
    testEach: z.boolean().default(false).meta({
      title: 'Test every iteration',
      description: 'at the end, evaluate every iteration on test data, not the last alone',
    }),
    start: start.optional(),
    iterations: z
      .number()
      .int()
      .min(1)
      .max(mostIterations)
      .optional()
      .meta({ title: 'Iterations', description: 'difference-vector iterations; three to five in the paper' }),
    ...merge,
    ...length,
    ...optimiser,
  })
  .check((ctx) => {
    for (const [field, message] of conflicts(ctx.value))
      ctx.issues.push({ code: 'custom', message, path: field, input: ctx.value })
  })
export type RunConfig = z.input<typeof configSchema>

/** A configuration with every default filled in and every path absolute: what a run stores and the engine obeys. */
export const resolvedSchema = z.object({
  name: z.string(),
  method: z.enum(methods),
  pretrained: z.string(),
  vectors: z.array(z.string()),
  tasks: z.array(
    z.object({
      name: z.string(),
      aim: z.enum(aims).default('learn'), // not in runs of 0.1.0
      data: z.string(),
      head: z.string(),
      validation: z.string().nullable(),
      test: z.string().nullable(),
      finetuned: z.string().nullable(),
    }),
  ),
  objective: z.enum(objectives),
  ufm: z.enum(adaptations).default('corrected'), // not in runs of 0.1.0
  blocks: z.enum(groupings),
  select: z.enum(selections),
  linearised: z.enum(linearisations).default('no'), // not in runs of 0.1.0
  expansion: z.enum(expansions).default('pretrained'), // not in runs of 0.1.0
  batch: z.union([z.literal('all'), count]),
  seed: z.number(),
  ...saidFields, // attentionHeads and layerNormEps not in runs of 0.1.0, which always have an activation
  // how the models are computed, kept when the run begins; not in runs of 0.1.0
  tower: towerSettingsSchema.nullable().default(null),
  microBatch: z.union([z.literal('auto'), count]),
  vectorPrecision: z.enum(precisions).default('float32'), // not in runs of 0.1.0
  products: z.enum(productsIn).default('float32'), // not in runs of 0.1.0
  augment: z.boolean().default(false), // not in runs of 0.1.0
  onUnreadable: z.enum(unreadable).default('skip'), // not in runs of 0.1.0
  keep: z.number().default(0.95), // not in runs of 0.1.0
  trim: z.number().nullable().default(null), // not in runs of 0.1.0
  parts: z.number().default(1), // not in runs of 0.1.0
  merge: stepSchema.nullable().default(null), // not in runs of 0.1.0
  control: z.enum(controls).default('none'), // not in runs of 0.1.0
  testEach: z.boolean(),
  start: stageSettings,
  iterations: z.number(),
  iteration: stageSettings.nullable(),
})
export type ResolvedConfig = z.infer<typeof resolvedSchema>
