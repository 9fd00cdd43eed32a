// A configuration is checked by headers alone. Beside work at the engine a process of its own does it, since the engine
// hears of nothing between two micro-batches, which a large model may take minutes for; it ends after half a minute of
// rest.
import type { Plan } from '../../contract/engine-api.ts'
import type { ResolvedConfig } from '../../contract/run/config.ts'
import type { ResolvedTuning } from '../../contract/tuning/config.ts'
import type { TuningPlan } from '../../contract/tuning/tuning.ts'
import type { Jobs } from '../jobs/queue.ts'
import type { EngineClient } from '../link/engine-link.ts'
import type { EngineProcess } from '../link/engine-process.ts'
import { createSupervisor, type Supervisor } from '../link/supervisor.ts'

const restFor = 30_000 // milliseconds

export interface Checking {
  /** What a run would take. Throws what the run would throw. */
  check(config: ResolvedConfig): Promise<Plan>
  /** The same of a fine-tuning. */
  plan(config: ResolvedTuning): Promise<TuningPlan>
  close(): Promise<void>
}

interface CheckingOptions {
  supervisor: Supervisor
  jobs: Pick<Jobs, 'isAtWork'>
  start: () => EngineProcess // of a process that reads
}

export function createChecking({ supervisor, jobs, start }: CheckingOptions): Checking {
  const beside = createSupervisor(start)
  let asked = 0
  let rest: ReturnType<typeof setTimeout> | undefined

  async function askBeside<T>(question: (client: EngineClient) => Promise<T>): Promise<T> {
    clearTimeout(rest)
    asked++
    try {
      return await beside.askAnew(question)
    } finally {
      if (--asked === 0) rest = setTimeout(() => beside.renew(), restFor).unref()
    }
  }

  const ask = <T>(question: (client: EngineClient) => Promise<T>): Promise<T> =>
    jobs.isAtWork('engine') ? askBeside(question) : supervisor.askAnew(question)

  return {
    check: (config) => ask((client) => client.check(config)),
    plan: (config) => ask((client) => client.tuningPlan({ config })),
    close: async () => {
      clearTimeout(rest)
      await beside.close()
    },
  }
}
