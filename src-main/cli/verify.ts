// basil verify: whether a model is, byte for byte, what the recipe in it gives of its parents. A file names its parents
// by name and hash, never by a place: they are looked for beside it, in the folders that are named, and here.
import { dirname, join, resolve } from 'node:path'

import { Command } from 'commander'

import { BasilError } from '../contract/errors.ts'
import { parseJson } from '../contract/json.ts'
import { type Recipe, recipeSchema } from '../contract/run/recipe.ts'
import { statisticsFolder } from '../files/data-folder.ts'
import { openFiles } from '../files/folder.ts'
import { modelAt } from '../files/model-in-folder.ts'
import { print, printJson } from './output.ts'
import { withEngine } from './with.ts'

export function verifyCommand(): Command {
  return new Command('verify')
    .argument('<model>', 'a file or a folder that Basil wrote')
    .description('follow the recipe in a model again and compare every byte')
    .option('--parents <folders...>', 'where its parents are, beside the folder of the model and the present one')
    .option('--json', 'as JSON')
    .action((model: string, { json = false, parents = [] }: { json?: boolean; parents?: string[] }) =>
      withEngine(json, async ({ ask }) => {
        const { file } = await modelAt(model)
        const { metadata } = await ask((client) => client.look({ file }))
        const recipe = recipeIn(file, metadata['basil.recipe'])
        const near = [...parents, dirname(file), dirname(dirname(file)), '.', statisticsFolder()]
        const folders = near.map((folder) => resolve(folder))
        const named = [recipe.pretrained, ...recipe.vectors, ...(recipe.statistics ?? [])]
        const found = await Promise.all(named.map((parent) => placeOf(parent, folders)))
        const verified = await ask((client) => client.verify({ file, parents: found }))
        if (json) return printJson(verified)
        print(`${verified.file}: ${verified.tensors} tensors, ${verified.bytes} bytes, all as its recipe gives them`)
      }),
    )
}

function recipeIn(file: string, text: string | undefined): Recipe {
  const read = text === undefined ? undefined : recipeSchema.safeParse(parseJson(text))
  if (read?.data) return read.data
  throw new BasilError({
    code: 'config-invalid',
    what: 'The model holds no recipe that can be followed',
    where: file,
    why: text === undefined ? 'it was not written by Basil' : (read?.error?.issues[0]?.message ?? 'it is damaged'),
    next: 'give a model that "basil merge" or an export of a run wrote',
  })
}

/** Throws file-missing. */
async function placeOf({ name, sha256 }: Recipe['pretrained'], folders: readonly string[]): Promise<string> {
  for (const folder of folders)
    if ((await openFiles.kind(join(folder, name))) !== 'missing') return (await modelAt(join(folder, name))).file
  throw new BasilError({
    code: 'file-missing',
    what: 'A parent of the model is missing',
    where: name,
    why: `no folder looked into has a model of this name (SHA-256 ${sha256.slice(0, 12)})`,
    next: 'name the folder that it is in: --parents',
  })
}
