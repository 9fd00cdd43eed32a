// Parameters that several merges have, each said once.
import { z } from 'zod'

import type { Paper } from '../paper.ts'

/** Of merges that were published as a program. */
export const mergekit: Paper = {
  authors: 'Goddard et al.',
  title: "Arcee's MergeKit: A Toolkit for Merging Large Language Models",
  where: 'EMNLP',
  year: 2024,
}

/** Of what a threshold, a norm or a count is. */
export const scopeField = (scope: 'tensor' | 'model'): z.ZodDefault<z.ZodEnum<{ tensor: 'tensor'; model: 'model' }>> =>
  z.enum(['tensor', 'model']).default(scope).meta({
    title: 'Scope',
    description: 'what it counts over: each tensor by itself, or the whole model',
  })

export const seedField = z.uint32().default(0).meta({
  title: 'Seed',
  description: 'of the random mask; each model and tensor has numbers of its own',
})

export const normalizeField = (on: boolean): z.ZodDefault<z.ZodBoolean> =>
  z.boolean().default(on).meta({ title: 'Normalize', description: 'the weighted mean, not the weighted sum' })

/** What a merge of models may be made of instead. */
export const ofField = z.enum(['models', 'differences']).default('models').meta({
  title: 'Of',
  description: 'the models themselves, or their differences from the pre-trained model',
})

/** After some elements of the vectors were left out: how large they are, and what becomes of them. */
export const sparseFields = {
  consensus: z.enum(['none', 'elected']).default('none').meta({
    title: 'Consensus',
    description: 'none: each vector by itself; elected: one, of the elements that have the elected sign',
  }),
  sign: z.enum(['none', 'plus']).default('plus').meta({
    title: 'Sign of zero',
    description: 'what a sum of 0 elects, where signs are elected',
  }),
  normalize: normalizeField(false),
}

/** Where the vectors are as many as came in, or one. */
export const sparseGives = ({ consensus }: { consensus: 'none' | 'elected' }): 'each' | 'one' =>
  consensus === 'none' ? 'each' : 'one'

/** Of merges that give each task a model of its own. */
export const taskField = z.number().int().min(0).max(1000).default(1).meta({
  title: 'Task',
  description: 'whose model it is, by its place from 1; 0: the vectors of all, each with a coefficient of its own',
})

export const taskGives = ({ task }: { task: number }): 'each' | 'one' => (task === 0 ? 'each' : 'one')

/** The names of what they give. */
export const ofTask = (vectors: readonly string[], task: number, title: string): string[] =>
  task === 0 ? vectors.map((name) => `${name}, ${title}`) : [`${title} of ${vectors[task - 1] ?? `task ${task}`}`]
