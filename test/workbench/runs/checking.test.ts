// A configuration is checked while the engine is at a step that does not end: the answer does not wait for it, and the
// run that is then asked for has its number and waits.
import { expect, test } from 'vitest'

import { follow, temporaryFolder, toyConfig, toyEngine, toyWorkbench } from '../toy.ts'

test('beside a step that does not end a configuration is checked, and a run asked for waits for its turn', async () => {
  const fault = { stage: 0, epoch: 2, how: 'spin' } as const
  const workbench = await toyWorkbench(temporaryFolder(), (environment) => toyEngine({ fault }, environment))
  const first = await workbench.runs.start(toyConfig({ name: 'endless' }))
  await expect.poll(() => workbench.runs.show(first).start?.epochs.length ?? 0).toBe(2) // 0 and 1: it spins from here
  expect(await workbench.runs.check(toyConfig({ name: 'next' }))).toMatchObject({ vectors: expect.any(Number) })
  await expect(workbench.runs.check(toyConfig({ pretrained: 'missing.safetensors' }))).rejects.toThrow()
  const second = await workbench.runs.start(toyConfig({ name: 'next' }))
  expect(workbench.runs.show(second).state).toBe('waiting')
  expect(await workbench.runs.cancel(second)).toBe(true)
  expect(await workbench.runs.cancel(first)).toBe(true)
  await follow(workbench, first)
  expect(workbench.runs.show(first).state).toBe('cancelled')
})
