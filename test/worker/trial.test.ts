// The trial of an engine, on a tower of no size.
import { expect, test } from 'vitest'

import { trialSchema } from '../../src-main/contract/api/engines.ts'
import { openBackend } from '../../src-main/engine/devices/backend.ts'
import { trialOf } from '../../src-main/worker/trial.ts'

test('a trial gives the median of its steps and names the engine', async () => {
  const backend = await openBackend({ prefer: 'wasm', threads: 1 })
  const shape = { imageSize: 16, patchSize: 8, width: 64, layers: 1, embed: 32, mlp: 256, tokens: 5 }
  const trial = trialSchema.parse(await trialOf(backend, { shape, limit: 0 }))
  expect(trial).toMatchObject({ engine: { kind: 'wasm', repeats: true }, steps: 1 })
  expect(trial.milliseconds).toBeGreaterThan(0)
  backend.close()
})
