// How far two task vectors disturb each other: looked at and not kept, so it is no job; the engine is its own
// meanwhile.
import type { Disentanglement, DisentanglementRequest } from '../contract/api/disentanglement.ts'
import type { Told } from '../contract/engine-api.ts'
import type { Jobs } from './jobs/queue.ts'
import { heard } from './link/heard.ts'
import type { Supervisor } from './link/supervisor.ts'

/** Throws run-state while the engine is at work. */
export function createDisentangle(
  jobs: Jobs,
  supervisor: Supervisor,
): (request: DisentanglementRequest) => AsyncGenerator<Told<Disentanglement>> {
  return async function* (request) {
    const leave = jobs.hold('engine', 'a map of disentanglement')
    try {
      yield* heard(supervisor, (client) => client.disentangle(request))
    } finally {
      leave()
    }
  }
}
