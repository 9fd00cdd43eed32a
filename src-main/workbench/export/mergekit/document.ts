// A recipe of mergekit 0.1.5 as it is written: YAML of the form that mergekit-yaml reads (models, or slices of layers,
// in folders) or mergekit-pytorch (models in files). Here it is parsed and its form checked; what it means is found out
// by recipe.ts. What Basil has no place for is refused by its name, so that nothing is left out in silence.
import { isMap, LineCounter, parseDocument } from 'yaml'
import { z } from 'zod'

import { BasilError } from '../../../contract/errors.ts'
import { readStart } from '../../../files/open.ts'

const scalar = z.union([z.number(), z.boolean(), z.string()])
const gradient = z.array(scalar)
const conditional = z.strictObject({ filter: z.string().nullish(), value: z.union([scalar, gradient]) })
const setting = z.union([scalar, gradient, conditional, z.array(conditional)])
const parameters = z.record(z.string(), setting).nullish()
export type Setting = z.infer<typeof setting>
export type Conditional = z.infer<typeof conditional>
export type Settings = z.infer<typeof parameters>

const place = z.union([z.string(), z.strictObject({ path: z.string(), revision: z.string().nullish() })])
const reference = z.union([
  z.string(),
  z.strictObject({ model: place, lora: z.unknown().optional(), override_architecture: z.unknown().optional() }),
])
export type Reference = z.infer<typeof reference>

const source = z.strictObject({
  model: reference,
  layer_range: z.tuple([z.number().int(), z.number().int()]),
  parameters,
})
const slice = z.strictObject({ sources: z.array(source).min(1), base_model: reference.nullish(), parameters })
const tokenizer = z.strictObject({ source: reference.default('union') })

const schema = z.strictObject({
  merge_method: z.string(),
  models: z.array(z.strictObject({ model: reference, parameters })).nullish(),
  slices: z.array(slice).nullish(),
  base_model: reference.nullish(),
  parameters,
  dtype: z.string().nullish(),
  out_dtype: z.string().nullish(),
  tokenizer_source: reference.nullish(),
  tokenizer: tokenizer.nullish(),
})
export type Document = z.infer<typeof schema>

/** What mergekit has and Basil has not, by where it is written, and why. */
const lacking: readonly (readonly [string[], string])[] = [
  [['modules'], 'Basil merges models of one stack of layers'],
  [['chat_template'], "Basil copies the tokenizer's own chat template"],
  [['tokenizer', 'tokens'], 'Basil decides itself which row a token gets'],
  [['tokenizer', 'pad_to_multiple_of'], 'Basil writes one row for each token'],
]

const most = 2 ** 20 // bytes

/** text: of the file, where it is known. Throws config-invalid or not-supported, or what opening the file throws. */
export async function readDocument(path: string, text?: string): Promise<Document> {
  const { bytes, isWhole } = text === undefined ? await readStart(path, most) : { bytes: text, isWhole: true }
  if (!isWhole) throw notARecipe(path, `it has more than ${most} bytes`)
  const given = parsed(path, bytes.toString())
  for (const [at, why] of lacking) {
    const found = at.reduce<unknown>((of, key) => (isObject(of) ? of[key] : undefined), given)
    if (found !== undefined && found !== null) throw unsupported(`${path}: ${at.join('.')}`, why)
  }
  const { data, error } = schema.safeParse(given)
  if (!data) throw notARecipe(path, error.issues.map((issue) => toldOf(issue)).join('; '))
  if (Boolean(data.models?.length) === Boolean(data.slices?.length))
    throw notARecipe(path, 'exactly one of models and slices must be there')
  if (data.tokenizer && data.tokenizer_source)
    throw notARecipe(path, 'tokenizer_source and tokenizer are the same question: it may have one of them')
  return data
}

/** YAML 1.1, which Python's programs read. */
function parsed(path: string, text: string): unknown {
  const lines = new LineCounter()
  const read = parseDocument(text, { version: '1.1', lineCounter: lines, prettyErrors: false, logLevel: 'error' })
  const [wrong] = read.errors
  if (wrong) {
    const { line, col } = lines.linePos(wrong.pos[0])
    throw notARecipe(path, `it is not YAML from line ${line}, column ${col} on`)
  }
  if (!isMap(read.contents)) throw notARecipe(path, 'it is no mapping of keys to values')
  try {
    return read.toJS({ maxAliasCount: 100 })
  } catch {
    throw notARecipe(path, 'its aliases stand for too much')
  }
}

function toldOf({ path, message }: z.core.$ZodIssue): string {
  return path.length ? `${path.join('.')}: ${message}` : message
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export function notARecipe(where: string, why: string): BasilError {
  return new BasilError({
    code: 'config-invalid',
    what: "This is no recipe of mergekit's that can be followed",
    where,
    why,
    next: 'write it as mergekit 0.1.5 reads it: merge_method, models or slices, base_model, parameters, dtype',
  })
}

export function unsupported(where: string, why: string): BasilError {
  return new BasilError({
    code: 'not-supported',
    what: 'Basil does not do this of a recipe of mergekit',
    where,
    why,
    next: 'leave it out, or merge with mergekit',
  })
}
