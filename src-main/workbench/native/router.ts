// The contract's procedures for the engine: what is installed, what it runs on, and ending it when it does not answer.
import { implement } from '@orpc/server'

import { api } from '../../contract/api/api.ts'
import type { NativeStatus } from '../../contract/api/native.ts'
import { engineChoice } from '../engines/choice.ts'
import { engineRows } from '../engines/rows.ts'
import type { Workbench } from '../workbench.ts'
import { gpus } from './gpus.ts'

export function engineRouter({ home, installer, engine, device }: Workbench) {
  const os = implement(api).engine
  const status = async (): Promise<NativeStatus> => {
    const cards = await gpus()
    const known = { ...installer.status(cards.gpus), ...cards, engine: engine.state().engine }
    return { ...known, device: device.now(), choice: engineChoice(home), engines: engineRows(home, known) }
  }
  return {
    status: os.status.handler(status),
    install: os.install.handler(({ input, signal = new AbortController().signal }) =>
      installer.install(input.kind, signal),
    ),
    restart: os.restart.handler(() => engine.restart()),
    remove: os.remove.handler(() => installer.remove()),
    choose: os.choose.handler(async ({ input }) => {
      await device.choose(input.device)
      return status()
    }),
    use: os.use.handler(async ({ input }) => {
      await device.use(input.engine)
      return status()
    }),
    measure: os.measure.handler(async function* ({ signal = new AbortController().signal }) {
      yield* device.measure(signal)
      yield { type: 'result' as const, result: await status() }
    }),
  }
}
