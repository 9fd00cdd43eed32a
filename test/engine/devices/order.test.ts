// Which engine opens, by toy engines: the order that a process is given, one that comes up as another kind than is
// wanted, and one that was asked for by name and is not there.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import type { EngineKind } from '../../../src-main/contract/run/engine-info.ts'
import { openBackend } from '../../../src-main/engine/devices/backend.ts'
import type { Backend, Engine, EngineOptions } from '../../../src-main/engine/devices/engine.ts'
import { infoOf } from '../../../src-main/engine/devices/engine.ts'
import { wasm } from '../../../src-main/engine/devices/wasm/engine.ts'

beforeEach(() => {
  for (const name of ['BASIL_BACKEND', 'BASIL_ENGINES', 'BASIL_CARD', 'BASIL_TUNING']) vi.stubEnv(name, '')
})
afterEach(() => vi.unstubAllEnvs())

interface Toy extends Engine {
  given: EngineOptions[]
  closed: number
}

/** Opens as this kind, or says why not. */
function toy(name: string, kinds: readonly EngineKind[], opensAs: EngineKind | string): Toy {
  const engine: Toy = {
    ...{ name, called: name, kinds, products: ['float32'] as const, given: [], closed: 0 },
    open: async (options) => {
      engine.given.push(options)
      const kind = kinds.find((one) => one === opensAs)
      if (!kind) return opensAs
      const { ops } = await wasm.open({ threads: 1 })
      const close = (): void => void engine.closed++
      return { ...sizes, name, kind, threads: 1, simd: '', versions: {}, repeats: kind !== 'native-gpu', ops, close }
    },
  }
  return engine
}

const sizes = {
  memory: () => ({ tensors: 0, bytes: 0 }),
  deviceBytes: () => 1,
  hostBytes: () => 1,
  freeBytes: () => 1,
} satisfies Partial<Backend>

const list = (native: string, webgpu: string) => [
  toy('native', ['native-gpu', 'native-cpu'], native),
  toy('webgpu', ['webgpu'], webgpu),
  toy('wasm', ['wasm'], 'wasm'),
]

test.each<[string, string, string, EngineKind, string]>([
  ['', 'native-gpu', 'webgpu', 'native-gpu', ''],
  ['', 'native-cpu', 'webgpu', 'webgpu', 'native sees no GPU'],
  ['', 'native-cpu', 'no adapter', 'native-cpu', 'native sees no GPU; no adapter'],
  ['', 'not installed', 'no adapter', 'wasm', 'not installed; no adapter'],
  ['wasm,native-cpu', 'native-cpu', 'webgpu', 'wasm', ''],
  ['webgpu,native-cpu,wasm', 'native-cpu', 'limits too small', 'native-cpu', 'limits too small'],
])('in the order "%s" native (%s) and webgpu (%s) give %s', async (order, native, webgpu, kind, reason) => {
  vi.stubEnv('BASIL_ENGINES', order)
  const among = list(native, webgpu)
  const backend = await openBackend({ among })
  expect({ kind: backend.kind, reason: backend.reason }).toEqual({ kind, reason })
  expect(infoOf(backend)).toMatchObject({ kind, repeats: kind !== 'native-gpu' })
  if (native === 'native-cpu' && kind === 'webgpu') expect(among[0]?.closed).toBe(1) // it was not what was wanted
})

test('an engine asked for by name that is not there is one sentence, and nothing else is tried', async () => {
  vi.stubEnv('BASIL_ENGINES', 'webgpu')
  const among = list('native-gpu', 'no adapter')
  await expect(openBackend({ among })).rejects.toMatchObject({
    record: { code: 'engine-missing', where: 'webgpu', why: 'no adapter' },
  })
  expect([among[0]?.given.length, among[2]?.given.length]).toEqual([0, 0])
  vi.stubEnv('BASIL_BACKEND', 'cuda')
  await expect(openBackend({ among: list('native-cpu', 'webgpu') })).rejects.toThrow(
    'BASIL_BACKEND asks for CUDA, which is not available (native sees no GPU).',
  )
})

test('native that is preferred is used on a processor too, and gives way to no other engine before it', async () => {
  const among = list('native-cpu', 'webgpu')
  expect(await openBackend({ among, prefer: 'native' })).toMatchObject({ kind: 'native-cpu', reason: '' })
  expect(among.map(({ given }) => given.length)).toEqual([1, 0, 0])
  const without = list('not installed', 'webgpu')
  expect(await openBackend({ among: without, prefer: 'native' })).toMatchObject({ kind: 'webgpu' })
  expect(without[1]?.given).toMatchObject([{ forced: false }]) // a software driver would not do
})

test('an engine is told the card, the folder of what was measured, and whether it was asked for by name', async () => {
  vi.stubEnv('BASIL_CARD', 'RTX 3060')
  vi.stubEnv('BASIL_TUNING', '/data/engine')
  const among = list('not installed', 'webgpu')
  await openBackend({ among })
  expect(among[1]?.given).toMatchObject([{ card: 'RTX 3060', tuning: '/data/engine', forced: false }])
  vi.stubEnv('BASIL_ENGINES', 'webgpu')
  await openBackend({ among })
  expect(among[1]?.given[1]).toMatchObject({ forced: true })
})
