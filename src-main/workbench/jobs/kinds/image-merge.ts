// A merge that looks at some images of each model's task first: they are computed by the engine, whose turn it takes,
// and what they told is part of the recipe; then it is a merge like any other.
import { collectRequestSchema, rebuildingSchema } from '../../../contract/engine-api.ts'
import { lastHeard } from '../../link/heard.ts'
import type { Supervisor } from '../../link/supervisor.ts'
import { defineKind, type Kind } from '../kind.ts'
import { paced } from '../pace.ts'
import { type MergeParts, mergeTitle, mergeWork, sizeOfMerge } from './merge.ts'

const request = rebuildingSchema.extend(collectRequestSchema.shape)

export function imageMergeKind(parts: MergeParts & { supervisor: Supervisor }): Kind {
  return defineKind({
    needs: 'engine',
    goesOn: false,
    request,
    title: (wanted) => mergeTitle(wanted),
    estimate: (_, wanted) => sizeOfMerge(wanted),
    run: async (_, { data, heads, ...wanted }, work) => {
      const asked = { recipe: wanted.recipe, data, heads }
      const { result } = await lastHeard(parts.supervisor, paced(work), (client) => client.collect(asked))
      return mergeWork(parts, { ...wanted, recipe: result }, work)
    },
    again: ({ file }, wanted) => ({ kind: 'image-merge', request: wanted, file }),
  })
}
