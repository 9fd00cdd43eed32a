// A checkpoint in another layout, container or type.
import { basename } from 'node:path'

import { conversionSchema } from '../../../contract/engine-api.ts'
import { lastHeard } from '../../link/heard.ts'
import type { InOwnProcess } from '../../link/own-process.ts'
import { defineKind, type Kind } from '../kind.ts'

export function conversionKind({ inOwnProcess }: { inOwnProcess: InOwnProcess }): Kind {
  return defineKind({
    needs: 'reader',
    goesOn: false,
    request: conversionSchema,
    title: ({ file, out }) => `${basename(file)} as ${basename(out)}`,
    run: async (_, wanted, work) => {
      const { result } = await inOwnProcess(work.signal, (own) =>
        lastHeard(own, work, (client) => client.convert(wanted)),
      )
      work.wrote(result.file)
      return undefined
    },
    again: ({ file }, wanted) => ({ kind: 'conversion', request: wanted, file }),
  })
}
