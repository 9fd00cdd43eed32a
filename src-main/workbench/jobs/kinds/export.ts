// A state of a run as a file, with its card.

import { z } from 'zod'

import { runIdSchema, sha256Schema } from '../../../contract/branded.ts'
import { formSchema } from '../../../contract/checkpoint.ts'
import type { ExportsAtWork } from '../../runs/exported.ts'
import { defineKind, type Kind } from '../kind.ts'

const request = z.object({
  name: z.string(),
  run: runIdSchema,
  state: z.object({
    iteration: z.number().nullable(),
    epoch: z.number().nullable().optional(),
    form: formSchema.optional(),
  }),
  target: z.object({ out: z.string(), overwrite: z.boolean() }).nullable(),
  written: z.object({ sha256: sha256Schema, bytes: z.number() }).optional(), // once it is
})

export function exportKind({ exports }: { exports: ExportsAtWork }): Kind {
  return defineKind({
    needs: 'reader',
    goesOn: false,
    request,
    title: ({ name, run, state }) =>
      `model of run ${run}, ${name}${state.iteration === null ? '' : `, iteration ${state.iteration}`}`,
    estimate: (_, wanted) => exports.takes(wanted),
    run: async ({ job }, wanted, work) => {
      work.wrote(await exports.work(job, wanted, work))
      return undefined
    },
    again: ({ run }, { written: _, ...wanted }) => ({ kind: 'export', request: wanted, run }),
  })
}
