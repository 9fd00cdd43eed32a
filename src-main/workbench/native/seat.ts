// The device that a workbench's engine starts on: the person's choice, or another that one run asked for, until that
// run is over.
import type { Supervisor } from '../link/supervisor.ts'
import { deviceChoice, gpus, requireDevice } from './devices.ts'

export interface Seat {
  device(): string
  /** Where it is another device, the engine starts anew on it. */
  take(wanted: string): void
  /** Back to the choice. */
  leave(): void
  /** Throws device-lost for a GPU that the engine has not come up on. */
  requireThere(): Promise<void>
}

export function createSeat(home: string, engine: () => Pick<Supervisor, 'describe' | 'renew'>): Seat {
  let taken: string | null = null
  const device = (): string => taken ?? deviceChoice(home)
  return {
    device,
    take: (wanted) => {
      if (wanted === device()) return
      taken = wanted
      engine().renew()
    },
    leave: () => {
      if (taken === null) return
      taken = null
      engine().renew()
    },
    requireThere: async () => {
      if (device().startsWith('gpu:')) requireDevice(device(), await engine().describe(), (await gpus()).noGpu)
    },
  }
}
