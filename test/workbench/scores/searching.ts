// A search of three tiny models in a folder, as a terminal asks for it, with the real engine in this process.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { hashesOf } from '../../../src-main/cli/search/hashes.ts'
import { askedSearch, type SearchOptions } from '../../../src-main/cli/search/options.ts'
import { formSchema } from '../../../src-main/contract/checkpoint.ts'
import { logName } from '../../../src-main/workbench/scores/log.ts'
import { type Found, type SearchEvent, searchByScores } from '../../../src-main/workbench/scores/search.ts'
import { rebuild } from '../../../src-main/worker/rebuild.ts'
import { temporaryFolder } from '../toy.ts'
import { commandOf, writeToys } from './toys.ts'

export const inFile = formSchema.parse({ container: 'safetensors' })

interface Ran {
  found: Found
  events: SearchEvent[]
}

/** Of three tiny models in a folder. */
export async function search(
  folder: string,
  given: SearchOptions,
  out = 'best.safetensors',
  form = inFile,
  { signal } = new AbortController(),
): Promise<Ran> {
  const events: SearchEvent[] = []
  const asked = await askedSearch(
    {
      method: 'task-arithmetic',
      pretrained: join(folder, 'base.safetensors'),
      vectors: ['one', 'two'].map((name) => join(folder, `${name}.safetensors`)),
      score: commandOf('fit', join(folder, 'record')),
      ...given,
    },
    {},
  )
  const means = { rebuild, hashes: hashesOf, signal, tell: (event: SearchEvent) => void events.push(event) }
  return {
    found: await searchByScores(
      { ...asked, form, out: join(folder, out), log: given.scoreLog ?? logName(join(folder, out)) },
      means,
    ),
    events,
  }
}

export const scored = (folder: string): number => readFileSync(join(folder, 'record'), 'utf8').split('\n').length - 1
export const withToys = async (): Promise<string> => {
  const folder = temporaryFolder()
  await writeToys(folder)
  return folder
}
