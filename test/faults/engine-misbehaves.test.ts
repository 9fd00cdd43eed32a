import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { forkEngine } from '../../src-main/workbench/link/engine-process.ts'
import { bitsOf, follow, temporaryFolder, toyConfig, toyEngine, toyWorkbench } from '../workbench/toy.ts'

test.for(['abort', 'exit'] as const)(
  'an engine that ends once by %s is replaced, and the run ends with the same bits',
  async (how) => {
    const home = temporaryFolder()
    const once = join(home, 'happened')
    const workbench = await toyWorkbench(home, () => toyEngine({ fault: { stage: 1, epoch: 2, how, once } }))
    const run = await workbench.runs.start(toyConfig())
    const events = await follow(workbench, run)
    expect(events.filter((e) => e.type === 'engine-lost')).toMatchObject([
      { restarting: true, error: { why: expect.stringContaining(how === 'abort' ? 'SIGABRT' : 'exit code 3') } },
    ])
    const whole = await workbench.runs.start(toyConfig())
    await follow(workbench, whole)
    expect(bitsOf(workbench, run)).toEqual(bitsOf(workbench, whole))
  },
)

test('an engine that ends at the same place each time is given up after three restarts; the cause and its memory are named', async () => {
  const workbench = await toyWorkbench(temporaryFolder(), () =>
    toyEngine({ fault: { stage: 1, epoch: 2, how: 'exit' } }),
  )
  const run = await workbench.runs.start(toyConfig())
  const events = await follow(workbench, run)
  const lost = events.filter((e) => e.type === 'engine-lost')
  expect(lost.map((e) => e.restarting)).toEqual([true, true, true, false])
  expect(events.at(-1)).toMatchObject({
    type: 'ended',
    state: 'interrupted',
    error: { code: 'engine-lost', why: expect.stringMatching(/exit code 3, and last held [\d.]+ GiB/) },
  })
  expect(workbench.runs.show(run)).toMatchObject({ state: 'interrupted', error: { code: 'engine-lost' } })
})

test('an engine that cannot start says why, and a page that asks again and again does not start it each time', async () => {
  let starts = 0
  const workbench = await toyWorkbench(temporaryFolder(), () => {
    starts++
    return toyEngine({ beforeOpening: 'exit' })
  })
  await expect(workbench.engine.describe()).rejects.toMatchObject({
    record: { code: 'engine-lost', why: expect.stringContaining('toy: no such backend') },
  })
  for (let i = 0; i < 10; i++) expect(workbench.engine.state().error?.code).toBe('engine-lost')
  expect(starts).toBeLessThanOrEqual(2)
})

test.each(['Error', 'TypeError'])(
  'of an engine that throws %s while it starts that is told, and not the lines that Node puts behind it',
  async (kind) => {
    const script = join(temporaryFolder(), 'engine.mjs')
    writeFileSync(script, `throw new ${kind}('no such card')`)
    const workbench = await toyWorkbench(temporaryFolder(), () => forkEngine(script))
    await expect(workbench.engine.describe()).rejects.toMatchObject({
      record: {
        code: 'engine-lost',
        why: expect.stringMatching(new RegExp(`exit code 1.*it last said: ${kind}: no such card$`)),
      },
    })
  },
)

test('an engine whose script is missing is a plain error', async () => {
  const workbench = await toyWorkbench(temporaryFolder(), () => forkEngine('/nowhere/engine.ts'))
  await expect(workbench.runs.start(toyConfig())).rejects.toMatchObject({ record: { code: 'engine-lost' } })
})

test('an engine that floods stdout and stderr does not hold up its run', async () => {
  const workbench = await toyWorkbench(temporaryFolder(), () => toyEngine({ flood: true }))
  const run = await workbench.runs.start(toyConfig())
  expect((await follow(workbench, run)).at(-1)?.type).toBe('done')
})
