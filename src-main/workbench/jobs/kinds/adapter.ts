// What fine-tuning changed, as a LoRA in a folder of its own, which becomes a row of the library.
import { basename, dirname, join } from 'node:path'

import { extractionSchema } from '../../../contract/extraction.ts'
import { lastHeard } from '../../link/heard.ts'
import type { InOwnProcess } from '../../link/own-process.ts'
import { defineKind, type Kind } from '../kind.ts'
import { paced } from '../pace.ts'

interface Parts {
  inOwnProcess: InOwnProcess
  /** A file that was written becomes a row of the library. */
  shelve(file: string): Promise<void>
}

export function adapterKind({ inOwnProcess, shelve }: Parts): Kind {
  return defineKind({
    needs: 'reader',
    goesOn: false,
    request: extractionSchema,
    title: ({ out, finetuned, rank }) => `${basename(out)}: LoRA of ${basename(finetuned)}, rank ${rank}`,
    run: async (_, wanted, work) => {
      const extract = (own: Parameters<Parameters<InOwnProcess>[1]>[0]) =>
        lastHeard(own, paced(work), (client) => client.extractLora(wanted))
      const { result } = await inOwnProcess(work.signal, extract, dirname(wanted.out))
      const file = basename(result.file) === result.file ? join(wanted.out, result.file) : result.file
      work.wrote(file)
      await shelve(file)
      return undefined
    },
    again: ({ file }, wanted) => ({ kind: 'adapter', request: wanted, file }),
  })
}
