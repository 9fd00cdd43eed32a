// A head: made of words, imported, or fitted on images, and written to the data folder's heads.
import type { HeadsAtWork } from '../../heads/heads.ts'
import { headJobSchema } from '../../heads/job.ts'
import { defineKind, type Kind } from '../kind.ts'

export function headKind({ heads }: { heads: HeadsAtWork }): Kind {
  return defineKind({
    needs: 'engine',
    goesOn: false,
    request: headJobSchema,
    title: ({ name, how }) => `head ${name}, ${how}`,
    run: async ({ job }, request, work) => {
      work.wrote(await heads.work(job, request, work))
      return undefined
    },
    again: (_, request) => ({ kind: 'head', request }),
  })
}
