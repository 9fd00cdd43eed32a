// A process of the engine's script for one piece of work with files, beside the engine that computes: it sees no GPU,
// and ends with its work, or as soon as that is to end.
import type { EngineProcess } from './engine-process.ts'
import { createSupervisor, type Supervisor } from './supervisor.ts'

export type InOwnProcess = <T>(signal: AbortSignal, act: (supervisor: Supervisor) => Promise<T>) => Promise<T>

export function inOwnProcessOf(start: () => EngineProcess): InOwnProcess {
  return async (signal, act) => {
    signal.throwIfAborted()
    const supervisor = createSupervisor(start)
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
