// Bases of task vectors as models in a folder, each a row of the library that merges as a fine-tuned model does.
import { basename, dirname } from 'node:path'

import { basesRequestSchema } from '../../../contract/bases.ts'
import { lastHeard } from '../../link/heard.ts'
import type { InOwnProcess } from '../../link/own-process.ts'
import { defineKind, type Kind } from '../kind.ts'
import { paced } from '../pace.ts'

interface Parts {
  inOwnProcess: InOwnProcess
  /** A file that was written becomes a row of the library. */
  shelve(file: string): Promise<void>
}

export function basesKind({ inOwnProcess, shelve }: Parts): Kind {
  return defineKind({
    needs: 'reader',
    goesOn: false,
    request: basesRequestSchema,
    title: ({ out, vectors, parameters }) =>
      `${out === null ? 'Bases' : basename(out)}: ${parameters.bases} bases of ${vectors.length} vectors, ${parameters.by}`,
    run: async (_, wanted, work) => {
      const find = (own: Parameters<Parameters<InOwnProcess>[1]>[0]) =>
        lastHeard(own, paced(work), (client) => client.bases(wanted))
      const { result } = await inOwnProcess(work.signal, find, wanted.out === null ? undefined : dirname(wanted.out))
      const files = result.bases.flatMap(({ file }) => file ?? [])
      for (const file of files) await shelve(file)
      if (wanted.out !== null) work.wrote(wanted.out)
      return undefined
    },
    again: ({ file }, wanted) => ({ kind: 'bases', request: wanted, file }),
  })
}
