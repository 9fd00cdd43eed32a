// A study: one job for all its runs. It goes on where it was, and what it varies is in its own rows.
import { dirname } from 'node:path'

import { z } from 'zod'

import { bytesOfRun } from '../../../history/run-times.ts'
import type { History } from '../../../history/statement.ts'
import { createStudy, plannedOf, studyOf, studyRunsOf } from '../../../history/studies.ts'
import type { StudiesAtWork } from '../../studies/studies.ts'
import { unfinished } from '../../studies/work.ts'
import { defineKind, type Kind } from '../kind.ts'

export function studyKind({ history, studies }: { history: History; studies: StudiesAtWork }): Kind {
  return defineKind({
    needs: 'engine',
    goesOn: true,
    request: z.object({ name: z.string() }),
    title: ({ name }) => name,
    estimate: ({ study }) => {
      const left = studyRunsOf(history, study ?? 0).filter(({ state }) => unfinished.includes(state))
      const methods = [...new Set(plannedOf(history, study ?? 0).map(({ config }) => config.method))]
      const each = bytesOfRun(history, methods)
      return { diskBytes: each === null ? null : each * left.length, writesTo: dirname(history.file) }
    },
    run: ({ study }, _, work) => studies.work(study ?? 0, work),
    dropped: ({ study }) => studies.drop(study ?? 0),
    again: ({ study }, request) => {
      const { definition } = studyOf(history, study ?? 0)
      const made = createStudy(history, definition, plannedOf(history, study ?? 0), new Date())
      return { kind: 'study', request, study: made }
    },
  })
}
