// Signals that a terminal sends to all it has started: the engine's process must not be among them. On Linux, where
// /proc tells of groups.
import { readFileSync } from 'node:fs'

import { expect, test } from 'vitest'

import { temporaryFolder, toyEngine, toyWorkbench } from '../workbench/toy.ts'

test.runIf(process.platform === 'linux')(
  'the engine is in a process group of its own, which no Ctrl+C reaches',
  async () => {
    const pids: (number | undefined)[] = []
    const workbench = await toyWorkbench(temporaryFolder(), (environment) => {
      const engine = toyEngine({}, environment)
      pids.push(engine.pid)
      return engine
    })
    await workbench.engine.describe()
    expect(pids.map((pid) => groupOf(pid ?? 0))).toEqual(pids)
    expect(groupOf(process.pid)).not.toBe(pids[0])
  },
)

/** The fifth field of its status; the second, a name in brackets, may hold anything. */
function groupOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[2])
}
