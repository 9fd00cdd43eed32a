// A process of the engine's script for one piece of work with files, beside the engine that computes: it sees no GPU,
// and ends with its work, or as soon as that is to end. What it had begun to write is gone with it.
import { removeThoseOf } from '../../files/leftovers.ts'
import type { EngineProcess } from './engine-process.ts'
import { createSupervisor, type Supervisor } from './supervisor.ts'

/** writesTo: the folder that its work writes to. */
export type InOwnProcess = <T>(
  signal: AbortSignal,
  act: (supervisor: Supervisor) => Promise<T>,
  writesTo?: string,
) => Promise<T>

export function inOwnProcessOf(start: () => EngineProcess): InOwnProcess {
  return async (signal, act, writesTo) => {
    signal.throwIfAborted()
    const supervisor = tidySupervisor(start, writesTo)
    const end = (): void => void supervisor.close()
    signal.addEventListener('abort', end)
    try {
      return await act(supervisor)
    } finally {
      signal.removeEventListener('abort', end)
      await supervisor.close()
    }
  }
}

/** Its processes leave no unfinished file in a folder that they write to, whatever ended them. */
export function tidySupervisor(start: () => EngineProcess, writesTo?: string): Supervisor {
  const processes: number[] = []
  const supervisor = createSupervisor(() => {
    const started = start()
    if (started.pid !== undefined) processes.push(started.pid)
    return started
  })
  const close = async (): Promise<void> => {
    await supervisor.close()
    if (writesTo !== undefined) await removeThoseOf(processes, writesTo)
  }
  return { ...supervisor, close }
}
