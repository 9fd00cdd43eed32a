// An evaluation outside a run. It begins anew when it was ended, as another evaluation: what was opened stays known.
import { evaluationRequestSchema } from '../../../contract/api/evaluations.ts'
import { BasilError, type ErrorRecord, recordOf } from '../../../contract/errors.ts'
import { createEvaluation, failEvaluation, putOpenings, putReport } from '../../../history/evaluations.ts'
import type { History } from '../../../history/statement.ts'
import { lastHeard } from '../../link/heard.ts'
import type { Supervisor } from '../../link/supervisor.ts'
import { defineKind, type Kind } from '../kind.ts'
import { paced } from '../pace.ts'

export function evaluationKind({ history, supervisor }: { history: History; supervisor: Supervisor }): Kind {
  return defineKind({
    needs: 'engine',
    goesOn: false,
    request: evaluationRequestSchema,
    title: ({ models, tasks, split }) =>
      `${models.map(({ name }) => name).join(', ')} on ${tasks.map(({ name }) => name).join(', ')} (${split})`,
    run: async ({ evaluation }, request, work) => {
      const number = evaluation ?? 0
      try {
        putOpenings(history, number, request, new Date())
        const { result } = await lastHeard(supervisor, paced(work), (client) => client.evaluate(request))
        putReport(history, number, result)
        return undefined
      } catch (thrown) {
        const error = work.wish() === 'cancel' ? cancelled(number) : recordOf(thrown)
        try {
          if (work.wish() !== 'close') failEvaluation(history, number, error)
        } catch {
          // The disk takes nothing more: the row says running, and is shown as interrupted.
        }
        throw new BasilError(error, { cause: thrown })
      }
    },
    dropped: ({ evaluation }) => failEvaluation(history, evaluation ?? 0, cancelled(evaluation ?? 0)),
    again: (_, request) => ({
      kind: 'evaluation',
      request,
      evaluation: createEvaluation(history, request, new Date()),
    }),
  })
}

function cancelled(evaluation: number): ErrorRecord {
  return {
    code: 'cancelled',
    what: 'The evaluation was ended',
    where: `evaluation ${evaluation}`,
    why: 'you cancelled it',
    next: 'start it again',
  }
}
