// What a person drops on the window goes where it belongs: models to the library, data to the data sets. A
// configuration is opened by the page; what Basil has no use for is refused with what it is.
import { BasilError, type ErrorRecord, recordOf } from '../contract/errors.ts'
import { recognise } from './recognise.ts'

interface Shelf {
  add(paths: string[]): Promise<{ refused: readonly ErrorRecord[] }>
}

/** Never rejects for one path alone: why it was not taken is among the refused. */
export async function addDropped(library: Shelf, dataSets: Shelf, paths: readonly string[]) {
  const [models, data, refused]: [string[], string[], ErrorRecord[]] = [[], [], []]
  for (const path of paths)
    try {
      const { kind, words } = await recognise(path)
      if (kind === 'nothing') refused.push(recordOf(useless(path, words)))
      if (kind === 'data' || kind === 'both') data.push(path)
      if (!['nothing', 'data', 'configuration', 'study', 'mergekit'].includes(kind)) models.push(path)
    } catch (thrown) {
      refused.push(recordOf(thrown))
    }
  if (models.length > 0) refused.push(...(await library.add(models)).refused)
  if (data.length > 0) refused.push(...(await dataSets.add(data)).refused)
  return { refused }
}

function useless(where: string, words: string): BasilError {
  const why = 'it is no checkpoint, no configuration and no data'
  return new BasilError({ code: 'format-unknown', what: `This is ${words}`, where, why, next: 'drop one of those' })
}
