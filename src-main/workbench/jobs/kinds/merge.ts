// The model of a recipe as a file, without a run.
import { basename } from 'node:path'

import { z } from 'zod'

import { formSchema } from '../../../contract/checkpoint.ts'
import { recipeSchema } from '../../../contract/run/recipe.ts'
import type { InOwnProcess } from '../../link/own-process.ts'
import { defineKind, type Kind } from '../kind.ts'

const request = z.object({ recipe: recipeSchema, out: z.string(), overwrite: z.boolean(), form: formSchema })

export function mergeKind({ inOwnProcess }: { inOwnProcess: InOwnProcess }): Kind {
  return defineKind({
    needs: 'reader',
    goesOn: false,
    request,
    title: ({ recipe, out }) => `${basename(out)}: ${recipe.name}`,
    run: async (_, wanted, work) => {
      const { file } = await inOwnProcess(work.signal, ({ ask }) => ask((client) => client.rebuild(wanted)))
      work.wrote(file)
      return undefined
    },
    again: ({ file }, wanted) => ({ kind: 'merge', request: wanted, file }),
  })
}
