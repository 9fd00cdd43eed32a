// Checkpoints merged without a run: the model of a recipe as a file, with its card.
import { basename, dirname } from 'node:path'

import { z } from 'zod'

import { formSchema } from '../../../contract/checkpoint.ts'
import { recipeSchema } from '../../../contract/run/recipe.ts'
import { exportMerge } from '../../export/merge.ts'
import type { InOwnProcess } from '../../link/own-process.ts'
import { defineKind, type Kind } from '../kind.ts'

const request = z.object({ recipe: recipeSchema, out: z.string(), overwrite: z.boolean(), form: formSchema })

export function mergeKind({ inOwnProcess, template }: { inOwnProcess: InOwnProcess; template: string }): Kind {
  return defineKind({
    needs: 'reader',
    goesOn: false,
    request,
    title: ({ recipe, out }) => `${basename(out)}: ${recipe.name}`,
    run: async (_, wanted, work) => {
      const { file } = await inOwnProcess(
        work.signal,
        ({ ask }) =>
          exportMerge(
            {
              template,
              rebuild: (asked) => ask((client) => client.rebuild(asked)),
              look: (file) => ask((client) => client.look({ file })),
            },
            wanted,
          ),
        dirname(wanted.out),
      )
      work.wrote(file)
      return undefined
    },
    again: ({ file }, wanted) => ({ kind: 'merge', request: wanted, file }),
  })
}
