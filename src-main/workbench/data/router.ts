// The contract's procedures for data sets: what a window and a browser may ask for.
import { implement } from '@orpc/server'

import { api } from '../../contract/api/api.ts'
import type { Platform } from '../platform.ts'
import type { DataSets } from './sets.ts'

export function dataRouter(data: DataSets, platform: Platform) {
  const os = implement(api).data
  return {
    list: os.list.handler(() => data.list()),
    watch: os.watch.handler(() => data.watch()),
    add: os.add.handler(({ input, signal }) => data.add(input.paths, signal)),
    pick: os.pick.handler(async ({ input, signal }) => {
      const paths = await platform.pickCheckpoints(`data ${input.kind}`)
      return paths === null || paths.length === 0 ? null : data.add(paths, signal)
    }),
    forget: os.forget.handler(({ input }) => data.forget(input.ids)),
    bringBack: os.bringBack.handler(({ input }) => data.bringBack(input.ids)),
    refresh: os.refresh.handler(() => data.refresh()),
    show: os.show.handler(({ input }) => data.show(input.id)),
    draw: os.draw.handler(({ input }) => data.draw(input.id, input.split)),
    previews: os.previews.handler(({ input }) => data.previews(input.id, input.split, input.wanted)),
    prepare: os.prepare.handler(({ input }) => data.prepare(input.id, input.splits, input.size)),
    leaks: os.leaks.handler(({ input }) => data.leaks(input.id, input.size)),
  }
}
