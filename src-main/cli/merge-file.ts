// basil merge RECIPE.json: what the options say, in a file:
//   {"method": "...", "pretrained": "base", "vectors": ["a", "b"], "weights": [1, 0.5], "preset": "as mergekit",
//    "set": {"density": 0.2, "lambda": 1}, "out": "merged", "shard_size": "4GB", "dtype": "bf16", "missing": "base",
//    "tokenizer": "union"}
// Paths are seen from the file's folder. Weights and parameters may differ from tensor to tensor (merges/valued.ts).
// What an option says too, the option decides.
import { dirname, resolve } from 'node:path'

import { z } from 'zod'

import { BasilError } from '../contract/errors.ts'
import { parseJson } from '../contract/json.ts'
import { weightSchema } from '../contract/merges/valued.ts'
import { readStart } from '../files/open.ts'

const schema = z.strictObject({
  method: z.string(),
  pretrained: z.string().optional(),
  vectors: z.array(z.string()).min(1),
  weights: z.array(weightSchema).optional(),
  preset: z.string().optional(),
  set: z.record(z.string(), z.unknown()).optional(),
  out: z.string().optional(),
  shard_size: z.union([z.string(), z.number()]).optional(),
  dtype: z.string().optional(),
  missing: z.literal('base').optional(),
  tokenizer: z.union([z.enum(['base', 'union']), z.strictObject({ path: z.string() })]).optional(),
})
export type MergeFile = z.infer<typeof schema>

const most = 2 ** 20 // bytes

/** Throws config-invalid, or what opening the file throws. */
export async function readMergeFile(path: string): Promise<MergeFile> {
  const { bytes, isWhole } = await readStart(resolve(path), most)
  const refused = (why: string): BasilError =>
    new BasilError({
      code: 'config-invalid',
      what: 'This is no recipe of a merge',
      where: path,
      why,
      next: 'write it as JSON: method, pretrained, vectors, weights, set, out',
    })
  if (!isWhole) throw refused(`it has more than ${most} bytes`)
  let given: unknown
  try {
    given = parseJson(bytes.toString('utf8'))
  } catch (error) {
    throw refused(error instanceof Error ? error.message : String(error))
  }
  const { data, error } = schema.safeParse(given)
  if (!data) throw refused(error.issues.map(({ path: at, message }) => `${at.join('.')}: ${message}`).join('; '))
  const from = (file: string): string => resolve(dirname(resolve(path)), file)
  return {
    ...data,
    ...(data.pretrained !== undefined && { pretrained: from(data.pretrained) }),
    ...(data.out !== undefined && { out: from(data.out) }),
    vectors: data.vectors.map(from),
    ...(typeof data.tokenizer === 'object' && { tokenizer: { path: from(data.tokenizer.path) } }),
  }
}
