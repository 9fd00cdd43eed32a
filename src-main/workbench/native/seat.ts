// The device that a workbench's engine starts on: the person's choice, or another that one run asked for, until that
// run is over.

import { isLeftOpen } from '../engines/choice.ts'
import type { Supervisor } from '../link/supervisor.ts'
import { cardNamed, deviceChoice, requireDevice } from './devices.ts'
import { gpus } from './gpus.ts'

export interface Seat {
  device(): string
  /** The environment that a process of the engine on it is made from. */
  environment(): NodeJS.ProcessEnv
  /** Where it is another device, the engine starts anew on it. */
  take(wanted: string): Promise<void>
  /** Back to the choice. */
  leave(): void
  /**
   * Measures first, where that decides which engine it is. Throws device-lost for a GPU that the engine has not come up
   * on, and engine-missing for an engine that was asked for and is not there.
   */
  requireThere(): Promise<void>
}

export function createSeat(
  home: string,
  engine: () => Pick<Supervisor, 'describe' | 'renew'>,
  settle: () => Promise<void>,
): Seat {
  let taken: { device: string; card: string } | null = null
  const device = (): string => taken?.device ?? deviceChoice(home)
  return {
    device,
    environment: () => ({ ...process.env, ...(taken?.card && { BASIL_CARD: taken.card }) }),
    take: async (wanted) => {
      if (wanted === device()) return
      taken = { device: wanted, card: await cardNamed(wanted) }
      engine().renew()
    },
    leave: () => {
      if (taken === null) return
      taken = null
      engine().renew()
    },
    requireThere: async () => {
      if (device() === 'auto') await settle()
      if (device().startsWith('gpu:')) requireDevice(device(), await engine().describe(), (await gpus()).noGpu)
      else if (!isLeftOpen(home, process.env)) await engine().describe()
    },
  }
}
