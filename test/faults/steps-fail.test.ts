// Every durable step fails in turn, once and for good, of a full disk and of a broken one: in SQLite's statements and
// writeAtomic's operations, and again in the system's calls beneath them.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import { folder } from '../history/rows.ts'
import { everyStep, everyStepOfOpening, type Tried } from './durable-steps.ts'
import { failingSteps } from './failing-steps.ts'
import { canPreload, preload, under } from './power/preload.ts'
import { countOf, tell } from './promises.ts'

const rounds = countOf('R2')
const apart = Math.max(1, Math.round(1 / rounds)) // steps
const shares = 2 // processes

function judge(began: number, all: Tried[], besides: string): void {
  const count = all.reduce((sum, one) => sum + one.count, 0)
  const [lost, differ] = [all.flatMap((one) => one.lost), all.flatMap((one) => one.differ)]
  tell('R2', began, { count, lost: lost.length, differ: differ.length, besides: `${count} ${besides}` })
  expect({ lost, differ }).toEqual({ lost: [], differ: [] })
}

test('when the n-th statement or operation fails, all of an action is there or nothing, and it is done when tried again', async () => {
  const began = performance.now()
  const faults = failingSteps()
  onTestFinished(faults.restore)
  const old = join(import.meta.dirname, '../databases/history-v7.sqlite')
  const scratch = folder()
  const all: Tried[] = []
  for (let round = 0; round < Math.ceil(rounds); round++)
    all.push(
      await everyStepOfOpening(scratch, faults, apart, null),
      await everyStepOfOpening(scratch, faults, apart, old),
      await everyStep(folder(), faults, apart),
    )
  judge(began, all, 'statements and operations')
  expect(all[0]?.count).toBeGreaterThan(100 / apart)
})

test.runIf(canPreload)('the same where the n-th call of the system fails', async () => {
  const began = performance.now()
  const library = preload(folder())
  const shareOf = async (share: number): Promise<Tried> => {
    const scratch = folder()
    const [root, control] = [join(scratch, 'root'), join(scratch, 'control')]
    mkdirSync(root)
    const args = [root, control, String(rounds < 1 ? apart * 4 : 1), String(share), String(shares)]
    const disk = { BASIL_DISK_ROOT: root, BASIL_DISK_CONTROL: control }
    return JSON.parse(await under(library, 'failing-main.ts', args, disk)) as Tried
  }
  judge(began, await Promise.all(Array.from({ length: shares }, (_, share) => shareOf(share))), 'calls of the system')
})
