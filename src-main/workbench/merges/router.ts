// The contract's procedures for merges: what a window and a browser may ask for.
import { implement } from '@orpc/server'

import { api } from '../../contract/api/api.ts'
import type { MergekitSource } from '../../contract/api/merges.ts'
import { BasilError, recordOf } from '../../contract/errors.ts'
import { requireFolder, requirePlace } from '../folders/target.ts'
import type { Platform } from '../platform.ts'
import { absolute } from '../typed-path.ts'
import type { Workbench } from '../workbench.ts'
import { openMergekit, readSource, rowsOf, takenOf } from './taken.ts'

export function mergesRouter(
  { merges, searches, library, folders }: Pick<Workbench, 'merges' | 'searches' | 'library' | 'folders'>,
  platform: Platform,
) {
  const os = implement(api).merges
  const rowOf = async (file: string): Promise<number> => {
    const { added, known, refused } = await library.add([file])
    const id = added[0] ?? known[0]
    if (id !== undefined) return id
    throw new BasilError(refused[0] ?? recordOf(new Error(`${file} became no row`)))
  }
  const placed = (source: MergekitSource): MergekitSource =>
    'path' in source ? { path: absolute(source.path) } : source
  return {
    plan: os.plan.handler(async ({ input }) => {
      try {
        return { error: null, planned: await merges.plan(input) }
      } catch (error) {
        return { error: recordOf(error), planned: null }
      }
    }),
    adapter: os.adapter.handler(({ input }) => ({ job: merges.adapter(input) })),
    bases: os.bases.handler(({ input }) => ({ job: merges.bases(input) })),
    search: os.search.handler(async ({ input: { merge, search } }) => {
      if (typeof merge.place === 'object') await requireFolder(folders, merge.place.folder)
      if (search.log !== null) await requirePlace(folders, search.log)
      return { job: searches.start(await merges.prepare(merge), search) }
    }),
    searched: os.searched.handler(({ input }) => searches.show(input.job)),
    best: os.best.handler(async ({ input }) => {
      const recipe = searches.best(input.job)
      return takenOf(recipe, await rowsOf(recipe, rowOf)).taken
    }),
    openMergekit: os.openMergekit.handler(({ input }) => openMergekit(placed(input.source), { rowOf })),
    startMergekit: os.startMergekit.handler(async ({ input: { source, form } }) => {
      const { recipe } = await readSource(placed(source))
      return { job: await merges.startRecipe(recipe, { stem: `${recipe.method}-as-written`, form }) }
    }),
    start: os.start.handler(async ({ input }) => {
      if (typeof input.place === 'object') await requireFolder(folders, input.place.folder)
      const chosen = input.place === 'dialog' ? await platform.pickTarget(merges.suggestName(input)) : undefined
      return chosen === null ? null : { job: await merges.start(input, chosen) }
    }),
  }
}
