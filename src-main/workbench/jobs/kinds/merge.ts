// Checkpoints merged without a run: the model of a recipe as a file, with its card, and a row of the library.
import { basename, dirname } from 'node:path'

import { z } from 'zod'

import { type Rebuilding, rebuildingSchema } from '../../../contract/engine-api.ts'
import { modelSize } from '../../../files/room.ts'
import { type Chosen, exportMerge } from '../../export/merge.ts'
import { lastHeard } from '../../link/heard.ts'
import type { InOwnProcess } from '../../link/own-process.ts'
import { defineKind, type Estimate, type Kind, type Work } from '../kind.ts'
import { paced } from '../pace.ts'

export interface MergeParts {
  inOwnProcess: InOwnProcess
  template: string // of the card
  /** A file that was written becomes a row of the library. */
  shelve(file: string): Promise<void>
}

/** chosen: what its card says of how it came about, where somebody knows more than the merge. */
const requestSchema = rebuildingSchema.extend({
  chosen: z.object({ data: z.string(), accuracy: z.string(), selection: z.string() }).optional(),
})

export const mergeTitle = ({ recipe, out }: Pick<Rebuilding, 'recipe' | 'out'>): string =>
  `${basename(out)}: ${recipe.name}`

export function mergeKind(parts: MergeParts): Kind {
  return defineKind({
    needs: 'reader',
    goesOn: false,
    request: requestSchema,
    title: (request) => mergeTitle(request),
    estimate: (_, wanted) => sizeOfMerge(wanted),
    run: (_, { chosen, ...wanted }, work) => mergeWork(parts, wanted, work, chosen),
    again: ({ file }, wanted) => ({ kind: 'merge', request: wanted, file }),
  })
}

/** As large as the model that it begins with. */
export const sizeOfMerge = ({ recipe, out }: Pick<Rebuilding, 'recipe' | 'out'>): Partial<Estimate> => ({
  diskBytes: modelSize(recipe.pretrained.file),
  writesTo: dirname(out),
})

export async function mergeWork(
  { inOwnProcess, template, shelve }: MergeParts,
  wanted: Rebuilding,
  work: Work,
  chosen?: Chosen,
): Promise<undefined> {
  const { file } = await inOwnProcess(
    work.signal,
    (own) =>
      exportMerge(
        {
          template,
          rebuild: async (asked) => (await lastHeard(own, paced(work), (client) => client.merge(asked))).result,
          look: (written) => own.ask((client) => client.look({ file: written })),
        },
        wanted,
        chosen,
      ),
    dirname(wanted.out),
  )
  work.wrote(file)
  await shelve(file)
  return undefined
}
