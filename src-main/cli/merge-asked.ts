// What a merge is asked by options and by a file together: its recipe, where it goes and in which form. What is lacking
// ends the command before any file of weights is looked at.
import { resolve } from 'node:path'

import type { Command } from 'commander'

import type { Form } from '../contract/checkpoint.ts'
import { BasilError } from '../contract/errors.ts'
import { isCheckpointName, isMergekitName } from '../contract/file-names.ts'
import { seedField } from '../contract/merges/fields.ts'
import { mergeCard } from '../contract/merges/step.ts'
import type { Recipe } from '../contract/run/recipe.ts'
import { formOf, writtenDtype } from './convert.ts'
import { type MergeFile, readMergeFile } from './merge-file.ts'
import { askedMerge, dashed, type MergeOptions, sizeOf } from './merge-options.ts'
import { fail } from './output.ts'

export type Given = MergeOptions & { dtype?: Form['dtype']; shardSize?: number }

/** What is asked for, by options and by a file; ends the command where something is lacking. */
export async function askedOnce(
  command: Command,
  file: string | undefined,
  given: Given,
  { json, isPlan = false }: { json: boolean; isPlan?: boolean },
  act: (recipe: () => Promise<Recipe>, out: string, form: Form, written: Partial<MergeFile>) => Promise<void>,
): Promise<void> {
  let ready: Ready | undefined
  try {
    ready = await (file !== undefined && isMergekitName(file) ? ofMergekit(file) : ofOptions())
  } catch (error) {
    if (!(error instanceof BasilError)) throw error
    return fail(error, json)
  }
  if (ready) await act(ready.recipe, ready.out, ready.form, ready.written)

  function outOr(written: string | undefined): string | undefined {
    return given.out ?? written ?? (isPlan ? 'merged' : undefined)
  }

  function lacking(option: string): undefined {
    command.error(`error: required option '${option}' not specified`, { exitCode: 2 })
  }

  async function ofMergekit(yaml: string): Promise<Ready | undefined> {
    requireNothingElse(yaml, given)
    const { readMergekit } = await import('../workbench/export/mergekit/recipe.ts')
    const { recipe, dtype } = await readMergekit(resolve(yaml))
    const out = outOr(undefined)
    if (out === undefined) return lacking('--out <path>')
    const seeded = given.seed === undefined ? recipe : withSeed(recipe, String(given.seed))
    return { recipe: async () => seeded, out, form: mergeForm(out, given, { ...(dtype && { dtype }) }), written: {} }
  }

  async function ofOptions(): Promise<Ready | undefined> {
    const written: Partial<MergeFile> = file === undefined ? {} : await readMergeFile(file)
    const out = outOr(written.out)
    if (!given.vectors && !written.vectors) return lacking('--vectors <files...>')
    if (out === undefined) return lacking('--out <file>')
    return { recipe: () => askedMerge(given, written), out, form: mergeForm(out, given, written), written }
  }
}

interface Ready {
  recipe: () => Promise<Recipe>
  out: string
  form: Form
  written: Partial<MergeFile>
}

/** How the model is written is no matter of the recipe, and chance is none of mergekit's either. */
const besideRecipe = ['out', 'overwrite', 'dtype', 'container', 'shardSize', 'seed', 'fast', 'full']

function requireNothingElse(yaml: string, given: Given): void {
  const found = Object.entries(given).find(([name, value]) => value !== undefined && !besideRecipe.includes(name))
  if (!found) return
  throw new BasilError({
    code: 'config-invalid',
    what: "A recipe of mergekit's is followed as it is written",
    where: `--${dashed(found[0])}`,
    why: `${yaml} says how the models are merged, and beside it only how they are written is asked`,
    next: 'change the recipe, or leave the option out',
  })
}

function withSeed(recipe: Recipe, text: string): Recipe {
  const seed = seedField.safeParse(text.trim() === '' ? undefined : Number(text)).data
  const takes = ({ method }: Recipe['steps'][number]): boolean => 'seed' in mergeCard(method).parameters.shape
  if (seed === undefined || !recipe.steps.some(takes))
    throw new BasilError({
      code: 'config-invalid',
      what: 'The recipe takes no such seed',
      where: `--seed ${text}`,
      why: seed === undefined ? 'it is no integer from 0 to 4294967295' : 'nothing in its method is random',
      next: 'leave it out',
    })
  const steps = recipe.steps.map((step) => (takes(step) ? { ...step, parameters: { ...step.parameters, seed } } : step))
  return { ...recipe, steps }
}

/** A folder where the name is none of a file, or where it is to be in shards. */
function mergeForm(out: string, given: Given, { shard_size: size, dtype }: Partial<MergeFile>): Form {
  const shardBytes = given.shardSize ?? (size === undefined ? undefined : sizeOf(String(size)))
  const form = formOf(out, { ...given, dtype: given.dtype ?? (dtype === undefined ? null : writtenDtype(dtype)) })
  const isFile = isCheckpointName(out) && shardBytes === undefined
  return isFile ? form : { ...form, container: 'safetensors', shardBytes: shardBytes ?? usualShard }
}

const usualShard = 5e9 // bytes, as transformers' programs have it
