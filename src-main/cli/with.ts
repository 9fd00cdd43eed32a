// What a command works with: the workbench, or the engine's process alone. Each is opened, lent to the command and
// closed again, whatever happened; what the command throws ends it with its exit code. And where the program's own
// files are.
import { join } from 'node:path'

import packageJson from '../../package.json' with { type: 'json' }
import type { Restored } from '../contract/api/history.ts'
import { BasilError, recordOf } from '../contract/errors.ts'
import { dataFolder, dataFolderIfAny } from '../files/data-folder.ts'
import { inLog } from '../workbench/link/engine-in-log.ts'
import { type EngineProcess, engineScript, forkEngine } from '../workbench/link/engine-process.ts'
import { tidySupervisor } from '../workbench/link/own-process.ts'
import type { Supervisor } from '../workbench/link/supervisor.ts'
import { deviceChoice, engineEnvironment } from '../workbench/native/devices.ts'
import type { Workbench } from '../workbench/workbench.ts'
import { onSignals } from './ending.ts'
import { fail } from './output.ts'

export const root = join(import.meta.dirname, '..', '..')
export const resources = join(root, 'resources')

/** What an examination of this program looks at, besides its engine. */
export const here = () => ({ dataFolder: dataFolder(), resources, basil: packageJson.version })

export function startEngine(environment: NodeJS.ProcessEnv): EngineProcess {
  return inLog(forkEngine(engineScript(), environment))
}

/** The engine's environment by the person's choice of a device; where no data folder can be made, nobody chose. */
export function chosenEnvironment(): NodeJS.ProcessEnv {
  const home = dataFolderIfAny()
  return home === null ? process.env : engineEnvironment(home, deviceChoice(home))
}

/** write: the history is opened for writing, which one process can. */
export async function withWorkbench(
  json: boolean,
  write: boolean,
  act: (workbench: Workbench) => Promise<void>,
): Promise<void> {
  let workbench: Workbench | undefined
  try {
    workbench = await openHere(write)
    tellNotices(workbench)
    await act(workbench)
  } catch (error) {
    fail(error, json)
  } finally {
    if (workbench) tellNotices(workbench)
    await workbench?.close()
  }
}

/** restored: a backup took the place of the history just before. */
export async function openHere(write: boolean, restored?: Restored): Promise<Workbench> {
  const { openWorkbench } = await import('../workbench/workbench.ts')
  return openWorkbench({
    home: dataFolder(),
    engine: startEngine,
    resources,
    write,
    tell: (what) => void process.stderr.write(`${what} ...\n`),
    ...(restored && { restored }),
  })
}

let told = 0

/** What opening the history found; what was found damaged since. Each once. */
export function tellNotices({ notices }: Pick<Workbench, 'notices'>): void {
  for (const { what, why, where, next } of notices.slice(told))
    process.stderr.write(`${what}: ${why} (${where}). ${next}\n`)
  told = notices.length
}

/**
 * writesTo: the folder that the command writes to. Ctrl+C, or a signal to end, then leaves that as it was before the
 * command ends, as cancelled.
 */
export async function withEngine(
  json: boolean,
  act: (supervisor: Supervisor) => Promise<void>,
  writesTo?: string,
): Promise<void> {
  const supervisor = tidySupervisor(() => startEngine(chosenEnvironment()), writesTo)
  let isLeft = false
  const leave = (): void => {
    isLeft = true
    void supervisor.close()
  }
  const release = writesTo === undefined ? () => undefined : onSignals({ first: leave, again: leave, end: leave })
  try {
    await act(supervisor)
  } catch (error) {
    const isTold = recordOf(error).code === 'cancelled' // by who knows more of the work
    fail(isLeft && !isTold ? cancelled(writesTo ?? '') : error, json)
  } finally {
    await supervisor.close()
    release()
  }
}

function cancelled(where: string): BasilError {
  return new BasilError({
    code: 'cancelled',
    what: 'The work was ended before it was done',
    where,
    why: 'you cancelled it',
    next: 'nothing was written; begin it again',
  })
}
