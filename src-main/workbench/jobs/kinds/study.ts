// A study: one job for all its runs. It goes on where it was, and what it varies is in its own rows.
import { dirname } from 'node:path'

import { bytesOfRun } from '../../../history/run-times.ts'
import type { History } from '../../../history/statement.ts'
import { createStudy, plannedOf, studyOf } from '../../../history/studies.ts'
import { studyRunsOf } from '../../../history/study-places.ts'
import type { ClustersAtWork } from '../../clusters/clusters.ts'
import { studyRequestSchema } from '../../clusters/there.ts'
import type { StudiesAtWork } from '../../studies/studies.ts'
import { unfinished } from '../../studies/work.ts'
import { defineKind, type Kind } from '../kind.ts'

interface Parts {
  history: History
  studies: StudiesAtWork
  clusters: ClustersAtWork
}

export function studyKind({ history, studies, clusters }: Parts): Kind {
  return defineKind({
    needs: 'engine',
    goesOn: true,
    request: studyRequestSchema,
    title: ({ name }) => name,
    estimate: ({ study }) => {
      const left = studyRunsOf(history, study ?? 0).filter(({ state }) => unfinished.includes(state))
      const methods = [...new Set(plannedOf(history, study ?? 0).map(({ config }) => config.method))]
      const each = bytesOfRun(history, methods)
      return { diskBytes: each === null ? null : each * left.length, writesTo: dirname(history.file) }
    },
    run: (job, _, work) =>
      job.place === 'here' ? studies.work(job.study ?? 0, work) : clusters.work(job.study ?? 0, job, work),
    endElsewhere: (job) => clusters.end(job),
    dropped: ({ study }) => studies.drop(study ?? 0),
    again: ({ study, place }, { name }) => {
      const { definition } = studyOf(history, study ?? 0)
      const made = createStudy(history, definition, plannedOf(history, study ?? 0), new Date())
      return { kind: 'study', request: { name, there: null }, study: made, place }
    },
  })
}
