// The process that reads: the engine's own script in a process of its own, started when something is to be read, and
// giving way to whatever else the machine does. Starting takes its time, and a process that cannot start says nothing
// about a file: so it is asked for a sign first (ready), and what is measured begins behind that.
import { setPriority } from 'node:os'

import { basilErrorOf } from '../../contract/wire/errors-over-rpc.ts'
import type { EngineProcess } from '../link/engine-process.ts'
import { createSupervisor, type Supervisor } from '../link/supervisor.ts'
import { cannotStart } from './refusals.ts'

export interface ReadingProcess extends Pick<Supervisor, 'ask' | 'renew' | 'close'> {
  /** Of the one that lives, or lived last. */
  pid(): number | undefined
  /** It has answered once. */
  hasAnswered(): boolean
  /** Throws engine-lost when it cannot be started. */
  ready(): Promise<void>
}

const background = 10 // "nice"

export function createReadingProcess(start: () => EngineProcess): ReadingProcess {
  let present: EngineProcess | null = null
  let hasAnswered = false
  const { ask, renew, close } = createSupervisor(() => {
    hasAnswered = false
    present = start()
    return present
  })

  async function ready(): Promise<void> {
    try {
      await ask(async (client) => {
        if (!hasAnswered) await client.stop()
      })
    } catch (error) {
      const { record } = basilErrorOf(error)
      throw record.code === 'cancelled' ? error : cannotStart(record.why)
    }
    if (!hasAnswered) giveWay(present?.pid)
    hasAnswered = true
  }

  return { ask, renew, close, ready, pid: () => present?.pid, hasAnswered: () => hasAnswered }
}

function giveWay(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, background)
  } catch {
    // It has ended already, or the system forbids it: it reads on as it is.
  }
}
