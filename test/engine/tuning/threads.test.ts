// One thread and two: the same bits on wasm, of every kind.
import { expect, test } from 'vitest'

import { openBackend } from '../../../src-main/engine/devices/backend.ts'
import { patience } from '../../patience.ts'
import { configs } from './configs.ts'
import { followed, hostOf } from './host.ts'

test('one and two threads end with the same bits, of every kind', { timeout: patience }, async () => {
  const found: Map<string, Uint8Array>[][] = []
  for (const threads of [1, 2]) {
    const backend = await openBackend({ prefer: 'wasm', threads })
    const all: Map<string, Uint8Array>[] = []
    for (const config of Object.values(configs))
      all.push((await followed({ ...config, steps: 3 }, hostOf(backend))).tensors)
    backend.close()
    found.push(all)
  }
  expect(found[0]).toHaveLength(7)
  expect(found[1]).toEqual(found[0])
})
