// A checkpoint in another layout, container or type.
import { basename, dirname } from 'node:path'

import { conversionSchema } from '../../../contract/engine-api.ts'
import { modelSize } from '../../../files/room.ts'
import { lastHeard } from '../../link/heard.ts'
import type { InOwnProcess } from '../../link/own-process.ts'
import { defineKind, type Kind } from '../kind.ts'
import { paced } from '../pace.ts'

export function conversionKind({ inOwnProcess }: { inOwnProcess: InOwnProcess }): Kind {
  return defineKind({
    needs: 'reader',
    goesOn: false,
    request: conversionSchema,
    title: ({ file, out }) => `${basename(file)} as ${basename(out)}`,
    estimate: (_, { file, out }) => ({ diskBytes: modelSize(file), writesTo: dirname(out) }),
    run: async (_, wanted, work) => {
      const { result } = await inOwnProcess(work.signal, (own) =>
        lastHeard(own, paced(work), (client) => client.convert(wanted)),
      )
      work.wrote(result.file)
      return undefined
    },
    again: ({ file }, wanted) => ({ kind: 'conversion', request: wanted, file }),
  })
}
