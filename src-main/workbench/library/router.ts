// The contract's library procedures over the library: what a window and a browser may ask of it.
import { implement } from '@orpc/server'

import { api } from '../../contract/api/api.ts'
import type { Folders } from '../folders/folders.ts'
import { placeFor } from '../folders/target.ts'
import type { Platform } from '../platform.ts'
import type { Library } from './library.ts'

export function libraryRouter(library: Library, folders: Folders, platform: Platform) {
  const os = implement(api).library
  return {
    list: os.list.handler(() => library.list()),
    watch: os.watch.handler(() => library.watch()),
    add: os.add.handler(({ input }) => library.add(input.paths)),
    pick: os.pick.handler(async ({ input }) => {
      const paths = await platform.pickCheckpoints(input.kind)
      return paths === null || paths.length === 0 ? null : library.add(paths)
    }),
    find: os.find.handler(({ input }) => ({ id: library.find(input) })),
    forget: os.forget.handler(({ input }) => library.forget(input.ids)),
    bringBack: os.bringBack.handler(({ input }) => library.bringBack(input.ids)),
    tag: os.tag.handler(({ input }) => library.tag(input)),
    scanAgain: os.scanAgain.handler(({ input }) => library.scanAgain(input.folder)),
    refresh: os.refresh.handler(() => library.refresh()),
    reveal: os.reveal.handler(({ input }) => {
      platform.reveal?.(library.show(input.id).path)
      return platform.reveal !== undefined
    }),
    describe: os.describe.handler(({ input }) => library.describe(input)),
    show: os.show.handler(({ input }) => library.show(input.id)),
    statistics: os.statistics.handler(({ input }) => library.statistics(input.id)),
    tensor: os.tensor.handler(({ input: { id, ...part } }) => library.tensor(id, part)),
    compare: os.compare.handler(({ input }) => library.compare(input.a, input.b)),
    compatible: os.compatible.handler(({ input }) => library.compatible(input.pretrained, input.others)),
    mergeReport: os.mergeReport.handler(({ input: { pretrained, others, spectra } }) =>
      library.mergeReport(pretrained, others, spectra),
    ),
    verify: os.verify.handler(({ input }) => library.verify(input.id)),
    convert: os.convert.handler(async ({ input: { id, form, target } }) => {
      const place = await placeFor(folders, platform, target, library.suggestName(id, form))
      if (place === undefined) return null
      const written = await library.convert(id, form, place)
      return { ...written, download: platform.download(written.file) }
    }),
    reopen: os.reopen.handler(({ input }) => library.reopen(input.recipe)),
  }
}
