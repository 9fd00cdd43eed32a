// The contract's procedures for runs: what a window and a browser may ask for.
import { implement } from '@orpc/server'

import { api } from '../../contract/api/api.ts'
import { freeBytes } from '../../files/room.ts'
import { placeFor, requireTarget } from '../folders/target.ts'
import type { Platform } from '../platform.ts'
import type { Workbench } from '../workbench.ts'
import { careRouter } from './care.ts'

export function runsRouter({ runs, care, exports, projects, folders, news }: Workbench, platform: Platform) {
  const os = implement(api).runs
  return {
    start: os.start.handler(async ({ input }) => ({
      run: await runs.start(projects.resolve(input.grant, input.config)),
    })),
    ...careRouter(care),
    list: os.list.handler(({ input }) => runs.list(input)),
    changed: os.changed.handler(() => news.watch()),
    show: os.show.handler(({ input }) => runs.show(input.run)),
    coefficients: os.coefficients.handler(({ input }) => runs.coefficients(input.run, input.stage, input.epoch)),
    path: os.path.handler(({ input }) => runs.path(input.run)),
    watch: os.watch.handler(({ input }) => runs.watch(input.run)),
    stop: os.stop.handler(({ input }) => runs.stop(input.run)),
    cancel: os.cancel.handler(({ input }) => runs.cancel(input.run)),
    resume: os.resume.handler(async ({ input }) => ({ run: await runs.resume(input.run, input.device) })),
    exportTakes: os.exportTakes.handler(async ({ input: { run, form, target } }) => {
      const to = target === undefined ? null : await requireTarget(folders, target)
      const { diskBytes, writesTo } = exports.takes({ run, state: { iteration: null, form }, target: to })
      const isKnown = to !== null || !platform.window
      return { bytes: diskBytes, freeBytes: isKnown && writesTo !== null ? freeBytes(writesTo) : null }
    }),
    export: os.export.handler(async ({ input }) => {
      const { iteration, form } = input
      const target = await placeFor(folders, platform, input.target, exports.suggestName(input.run, iteration, form))
      if (target === undefined) return null
      const exported = await exports.export(input.run, { iteration, form }, target)
      return {
        ...exported,
        download: platform.download(exported.file),
        cardDownload: platform.download(exported.card),
      }
    }),
  }
}
