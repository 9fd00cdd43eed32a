// What a checkpoint is, said without using it, and the forms Basil writes one in. One architecture has many layouts
// (names and shapes that different programs give the same weights); Basil sees them all under open_clip's names, the
// canonical ones.
import { z } from 'zod'

import { sha256Schema } from './branded.ts'
import { towersSchema } from './tower.ts'

/**
 * Layouts a checkpoint can have. "open_clip" is OpenAI's too (visual.*); "image encoder" the same behind "model.";
 * "unknown" is combined by tensor name.
 */
export const layouts = [
  'open_clip',
  'image encoder',
  'huggingface',
  'linearised',
  'tensor list',
  'resnet',
  'timm',
  'tensors',
  'unknown',
] as const
export type LayoutName = (typeof layouts)[number]

/** Layouts Basil writes; "as the parent" is that of the pre-trained model. */
export const writtenLayouts = ['open_clip', 'image encoder', 'huggingface'] as const
export type WrittenLayout = (typeof writtenLayouts)[number]

export const writtenDtypes = ['float32', 'float16', 'bfloat16'] as const
export type WrittenDtype = (typeof writtenDtypes)[number]

// state_dict: PyTorch's zip, as torch.load(weights_only=True) takes it
export const containers = ['safetensors', 'state_dict'] as const
export type Container = (typeof containers)[number]

/**
 * How a model is written; null: as the parent (the pre-trained model, or the converted file) has it, tensor by tensor.
 */
export const formSchema = z.object({
  container: z.enum(containers).default('safetensors'),
  layout: z.enum(writtenLayouts).nullable().default(null),
  dtype: z.enum(writtenDtypes).nullable().default(null),
  // a folder of shards of at most so many bytes, with their index; not given: one file
  shardBytes: z.number().int().positive().optional(),
})
export type Form = z.infer<typeof formSchema>

export const roles = [
  'pre-trained',
  'fine-tuned',
  'merged',
  'adapter',
  'head',
  'coefficients',
  'data',
  'unknown',
] as const // adapter: PEFT's, LoRA
export type Role = (typeof roles)[number]

/** name: "ViT-B/32", "RN50", or "ViT, width 128, ..." for one nobody named; numbers as far as they are known. */
export const architectureSchema = z.object({ name: z.string() }).catchall(z.union([z.number(), z.string()]))

export const tensorSchema = z.object({ name: z.string(), dtype: z.string(), shape: z.array(z.number()) })

/** By headers alone: cheap, whatever the size. */
export const descriptionSchema = z.object({
  file: z.string(),
  bytes: z.number(), // of all files, where a checkpoint has several
  format: z.string(), // one of formats.ts, or torchscript; in shards safetensors-sharded, pytorch-sharded, ...
  layout: z.enum(layouts),
  architecture: architectureSchema.nullable(),
  role: z.enum(roles),
  dtype: z.string().nullable(), // of the floating tensors: "F32", or "mixed"; null: there are none
  tensors: z.array(tensorSchema), // as the file names them
  blocks: z.number(), // coefficients per vector when every tensor has its own
  parameters: z.number(), // elements of the floating tensors
  metadata: z.record(z.string(), z.string()),
  towers: towersSchema.optional(), // how its towers are computed; not of files read by 0.1.0
  warnings: z.array(z.string()).optional(), // what may make every number of it wrong
})
export type Description = z.infer<typeof descriptionSchema>

/** With every byte read. */
export const inspectionSchema = descriptionSchema.extend({
  sha256: sha256Schema, // of the file; of a sharded checkpoint, see files/source.ts
  nonFinite: z.number(), // NaN and infinite values found
})
export type Inspection = z.infer<typeof inspectionSchema>

/** One tensor's values. histogram: counts of log2 |x|, one bin a power of two from 2^-40 to 2^8; zeros apart. */
const tensorStatisticsSchema = tensorSchema.extend({
  norm: z.number(), // of the finite values
  mean: z.number(),
  smallest: z.number(),
  largest: z.number(),
  zeros: z.number(),
  nonFinite: z.number(),
  histogram: z.array(z.number()),
})
export type TensorStatistics = z.infer<typeof tensorStatisticsSchema>
// of types that Basil has numbers for
export const statisticsSchema = z.object({ tensors: z.array(tensorStatisticsSchema) })
export type Statistics = z.infer<typeof statisticsSchema>

/** A part of a tensor, in the order of its file. spread: whether the whole is read for its spread. */
export const tensorPartSchema = z.object({
  tensor: z.string(),
  offset: z.number().int().min(0),
  count: z.number().int().min(1).max(4096),
  spread: z.boolean(),
})
export type TensorPart = z.infer<typeof tensorPartSchema>

/** spread: counts of finite values in bins of one width from low to high; of one value alone it is one bin. */
export const tensorValuesSchema = tensorSchema.extend({
  offset: z.number(),
  values: z.array(z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])])),
  spread: z.object({ low: z.number(), high: z.number(), counts: z.array(z.number()) }).nullable(),
})
export type TensorValues = z.infer<typeof tensorValuesSchema>

/**
 * Two models, tensor by tensor under canonical names; null where only one of them has it, the shapes differ, or Basil
 * has no numbers for the type.
 */
const tensorDifferenceSchema = z.object({
  name: z.string(),
  shape: z.array(z.number()),
  normA: z.number().nullable(),
  normB: z.number().nullable(),
  distance: z.number().nullable(), // |b - a|; of types without numbers 0 where all bytes are equal
  cosine: z.number().nullable(), // of a and b; null also where one is 0
  largest: z.number().nullable(), // max |b - a|
  nonFinite: z.number(), // places left out because one of the two is NaN or infinite there
})
export type TensorDifference = z.infer<typeof tensorDifferenceSchema>
export const differenceSchema = z.object({ tensors: z.array(tensorDifferenceSchema) })
export type Difference = z.infer<typeof differenceSchema>

/** What stands against combining checkpoints, or should be known before. `file` is the one it is about. */
const findingSchema = z.object({
  level: z.enum(['error', 'warning', 'note']),
  file: z.string(),
  what: z.string(),
  why: z.string(),
  next: z.string(),
})
export type Finding = z.infer<typeof findingSchema>
export const compatibilitySchema = z.object({
  findings: z.array(findingSchema),
  // |tau| and |tau| / |theta_pre|, of those that fit
  vectors: z.array(z.object({ file: z.string(), norm: z.number(), relative: z.number() })),
  cosines: z.array(z.array(z.number())), // of the vectors, each with each; 0 for a vector that is 0
})
export type Compatibility = z.infer<typeof compatibilitySchema>
