// The contract's procedures for merges: what a window and a browser may ask for.
import { implement } from '@orpc/server'

import { api } from '../../contract/api/api.ts'
import { recordOf } from '../../contract/errors.ts'
import type { Folders } from '../folders/folders.ts'
import { requireFolder } from '../folders/target.ts'
import type { Platform } from '../platform.ts'
import type { Merges } from './merges.ts'

export function mergesRouter(merges: Merges, folders: Folders, platform: Platform) {
  const os = implement(api).merges
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
    start: os.start.handler(async ({ input }) => {
      if (typeof input.place === 'object') await requireFolder(folders, input.place.folder)
      const chosen = input.place === 'dialog' ? await platform.pickTarget(merges.suggestName(input)) : undefined
      return chosen === null ? null : { job: await merges.start(input, chosen) }
    }),
  }
}
