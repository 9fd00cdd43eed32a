// What a merge is asked by options and by a file together: its recipe, where it goes and in which form. What is lacking
// ends the command before any file of weights is looked at.
import type { Command } from 'commander'

import type { Form } from '../contract/checkpoint.ts'
import { BasilError } from '../contract/errors.ts'
import { isCheckpointName } from '../contract/file-names.ts'
import type { Recipe } from '../contract/run/recipe.ts'
import { formOf, writtenDtype } from './convert.ts'
import { type MergeFile, readMergeFile } from './merge-file.ts'
import { askedMerge, type MergeOptions, sizeOf } from './merge-options.ts'
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
  let ready: { written: Partial<MergeFile>; out: string; form: Form }
  try {
    const written: Partial<MergeFile> = file === undefined ? {} : await readMergeFile(file)
    const out = given.out ?? written.out ?? (isPlan ? 'merged' : undefined)
    const vectors = given.vectors ?? written.vectors
    const lacking = [!vectors && '--vectors <files...>', !out && '--out <file>'].find(Boolean)
    if (lacking || out === undefined)
      return command.error(`error: required option '${lacking}' not specified`, { exitCode: 2 })
    ready = { written, out, form: mergeForm(out, given, written) }
  } catch (error) {
    if (!(error instanceof BasilError)) throw error
    return fail(error, json)
  }
  const { written, out, form } = ready
  await act(() => askedMerge(given, written), out, form, written)
}

/** A folder where the name is none of a file, or where it is to be in shards. */
function mergeForm(out: string, given: Given, { shard_size: size, dtype }: Partial<MergeFile>): Form {
  const shardBytes = given.shardSize ?? (size === undefined ? undefined : sizeOf(String(size)))
  const form = formOf(out, { ...given, dtype: given.dtype ?? (dtype === undefined ? null : writtenDtype(dtype)) })
  const isFile = isCheckpointName(out) && shardBytes === undefined
  return isFile ? form : { ...form, container: 'safetensors', shardBytes: shardBytes ?? usualShard }
}

const usualShard = 5e9 // bytes, as transformers' programs have it
