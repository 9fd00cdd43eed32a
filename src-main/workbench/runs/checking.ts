// A configuration is checked by headers alone. Beside work at the engine a process of its own does it, since the engine
// hears of nothing between two micro-batches, which a large model may take minutes for; it ends after half a minute of
// rest.
import type { Plan } from '../../contract/engine-api.ts'
import type { ResolvedConfig } from '../../contract/run/config.ts'
import type { Jobs } from '../jobs/queue.ts'
import type { EngineProcess } from '../link/engine-process.ts'
import { createSupervisor, type Supervisor } from '../link/supervisor.ts'

const restFor = 30_000 // milliseconds

export interface Checking {
  /** What a run would take. Throws what the run would throw. */
  check(config: ResolvedConfig): Promise<Plan>
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

  async function checkBeside(config: ResolvedConfig): Promise<Plan> {
    clearTimeout(rest)
    asked++
    try {
      return await beside.askAnew((client) => client.check(config))
    } finally {
      if (--asked === 0) rest = setTimeout(() => beside.renew(), restFor).unref()
    }
  }

  return {
    check: (config) =>
      jobs.isAtWork('engine') ? checkBeside(config) : supervisor.askAnew((client) => client.check(config)),
    close: async () => {
      clearTimeout(rest)
      await beside.close()
    },
  }
}
