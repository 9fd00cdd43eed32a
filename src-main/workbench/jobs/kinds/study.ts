// A study: one job for all its runs. It goes on where it was, and what it varies is in its own rows.
import { z } from 'zod'

import type { History } from '../../../history/statement.ts'
import { createStudy, plannedOf, studyOf } from '../../../history/studies.ts'
import type { StudiesAtWork } from '../../studies/studies.ts'
import { defineKind, type Kind } from '../kind.ts'

export function studyKind({ history, studies }: { history: History; studies: StudiesAtWork }): Kind {
  return defineKind({
    needs: 'engine',
    goesOn: true,
    request: z.object({ name: z.string() }),
    title: ({ name }) => name,
    run: ({ study }, _, work) => studies.work(study ?? 0, work),
    dropped: ({ study }) => studies.drop(study ?? 0),
    again: ({ study }, request) => {
      const { definition } = studyOf(history, study ?? 0)
      const made = createStudy(history, definition, plannedOf(history, study ?? 0), new Date())
      return { kind: 'study', request, study: made }
    },
  })
}
