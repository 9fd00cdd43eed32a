// A search for the best merge by scores. Its log knows what was scored: it goes on where it was.
import { basename } from 'node:path'

import { mergeCard } from '../../../contract/merges/step.ts'
import { type SearchesAtWork, searchJobSchema } from '../../scores/searches.ts'
import { defineKind, type Kind } from '../kind.ts'

export function searchKind({ searches }: { searches: SearchesAtWork }): Kind {
  return defineKind({
    needs: 'reader',
    goesOn: true,
    request: searchJobSchema,
    title: ({ out, merge, search }) => `${basename(out)}: ${search.way} of ${mergeCard(merge.method).title}`,
    run: async ({ job }, request, work) => {
      work.begun()
      work.wrote(await searches.work(job, request, work))
      return undefined
    },
    again: ({ file }, request) => ({ kind: 'search', request: { ...request, scored: [], found: null }, file }),
  })
}
