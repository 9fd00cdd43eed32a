// Trials in processes of their own: what is kept of them, a driver that crashes or hangs is an answer, they are
// believed as long as the machine is the same, and a run waits for them only where they decide something. Engines are
// toys.
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterEach, expect, test, vi } from 'vitest'

import { switchEngine, writeManifest } from '../../../src-main/files/engine-folder.ts'
import { isWorthMeasuring, measureEngines } from '../../../src-main/workbench/engines/measure.ts'
import { keptTrials } from '../../../src-main/workbench/engines/measured.ts'
import { engineRows } from '../../../src-main/workbench/engines/rows.ts'
import { gpus } from '../../../src-main/workbench/native/gpus.ts'
import { follow, temporaryFolder, toyConfig, toyEngine, toyWorkbench } from '../toy.ts'
import type { Toy } from '../toy-faults.ts'

afterEach(() => vi.unstubAllEnvs())

/** A machine with one NVIDIA card and native TensorFlow for CUDA, as far as files and nvidia-smi say. */
async function machine(driver = '570.1'): Promise<string> {
  const home = temporaryFolder()
  const program = join(home, 'nvidia-smi')
  writeFileSync(program, `#!/bin/sh\necho "0, A card, 8192, 8000, ${driver}"\n`)
  chmodSync(program, 0o755)
  vi.stubEnv('PATH', home)
  vi.stubEnv('BASIL_ADDON', '')
  vi.stubEnv('BASIL_BACKEND', '')
  vi.stubEnv('VK_DRIVER_FILES', '')
  const files = ['tensorflow/a.so', 'tensorflow/b.so', 'binding/tfjs_binding.node'].map((path) => ({ path, bytes: 4 }))
  for (const { path } of files) {
    mkdirSync(join(home, 'engine', 'cuda-1', path, '..'), { recursive: true })
    writeFileSync(join(home, 'engine', 'cuda-1', path), 'four')
  }
  await writeManifest(home, 'cuda-1', { kind: 'cuda', tensorflow: '2', installed: '2026-01-02T03:04:05.000Z', files })
  await switchEngine(home, 'cuda-1')
  return home
}

async function measured(home: string, trials: Toy['trials'] = {}, limit?: number) {
  const all = measureEngines({ home, start: (env) => toyEngine({ trials }, env), ...(limit && { limit }) })
  const told: string[] = []
  for (;;) {
    const { done, value } = await all.next()
    if (done) return { told, tried: value.filter(({ kind }) => kind !== 'webgpu') }
    told.push(value.what)
  }
}

test('every engine that is here is tried by name and kept; one that crashes or hangs says so', async () => {
  const home = await machine()
  const { told, tried } = await measured(home, { 'native-gpu': 'abort', 'native-cpu': 500, wasm: 700 })
  expect(told).toEqual(expect.arrayContaining(['Trying cuda', 'Trying native', 'Trying wasm']))
  expect(tried).toMatchObject([
    { kind: 'native-gpu', trial: null, why: expect.stringContaining('SIGABRT') },
    { kind: 'native-cpu', trial: { milliseconds: 500 } },
    { kind: 'wasm', trial: { milliseconds: 700, engine: { kind: 'wasm' } }, why: '' },
  ])
  expect(keptTrials(home).filter(({ kind }) => kind !== 'webgpu')).toEqual(tried)
  const hung = await measured(home, { 'native-gpu': 'hang', 'native-cpu': 'hang', wasm: 'hang' }, 100)
  expect(hung.tried.map(({ why }) => why)).toEqual(Array.from({ length: 3 }, () => 'it did not answer in 0.1 seconds'))
})

test('a row says what each would give against the one in use, and a trial of another driver is not believed', async () => {
  const home = await machine()
  await measured(home, { 'native-gpu': 10, 'native-cpu': 500, wasm: 1000 })
  const engine = { name: 'wasm', kind: 'wasm' as const, threads: 1, simd: '', reason: '', versions: {}, repeats: true }
  const installed = {
    ...{ kind: 'cuda' as const, tensorflow: '2', folder: '', addon: '', bytes: 12, installed: '', made: '' },
  }
  const known = { installed, damaged: '', offers: [], refused: '', engine, ...(await gpus()) }
  const rows = engineRows(home, known)
  expect(rows.filter(({ name }) => name !== 'webgpu')).toMatchObject([
    { name: 'cuda', state: 'ready', factor: 100, bytes: 12, trial: { milliseconds: 10 } },
    { name: 'native', state: 'ready', factor: 2 },
    { name: 'wasm', state: 'in-use', factor: 1, repeats: true },
  ])
  const updated = engineRows(home, { ...known, gpus: known.gpus.map((gpu) => ({ ...gpu, driver: '580.2' })) })
  expect(updated.find(({ name }) => name === 'cuda')).toMatchObject({ state: 'ready', trial: null, factor: null })
  expect(updated.find(({ name }) => name === 'wasm')).toMatchObject({ trial: { milliseconds: 1000 } })
  const bare = engineRows(home, { ...known, installed: null, gpus: [], noGpu: 'no driver' })
  expect(bare.filter(({ name }) => name !== 'webgpu')).toMatchObject([
    { name: 'cuda', state: 'missing', why: 'no driver' },
    { name: 'native', state: 'missing', why: 'it is not installed', next: expect.stringContaining('install --cpu') },
    { name: 'wasm', state: 'in-use' },
  ])
})

test('before its first run a machine with a card is measured, once; one without, or with an engine chosen, never', async () => {
  const home = await machine()
  const told: string[] = []
  const workbench = await toyWorkbench(
    home,
    (env) => toyEngine({ trials: { 'native-gpu': 3 } }, env),
    true,
    undefined,
    {
      tell: (what) => told.push(what),
    },
  )
  for (let i = 0; i < 2; i++) await follow(workbench, await workbench.runs.start(toyConfig()))
  expect(told.filter((what) => what.startsWith('Measuring'))).toHaveLength(1)
  expect(keptTrials(home).find(({ kind }) => kind === 'native-gpu')).toMatchObject({ trial: { milliseconds: 3 } })
  expect(await isWorthMeasuring(home)).toBe(false)
  vi.stubEnv('BASIL_CHOICE', 'wasm')
  expect(await isWorthMeasuring(await machine())).toBe(false)
  vi.stubEnv('BASIL_CHOICE', '')
  expect(await isWorthMeasuring(await machine())).toBe(true)
  const bare = temporaryFolder()
  expect([await isWorthMeasuring(bare), existsSync(join(bare, 'engine'))]).toEqual([false, false])
})

test('an engine that was asked for and is not there refuses a run before it is made', async () => {
  const home = temporaryFolder()
  vi.stubEnv('BASIL_CHOICE', 'cuda')
  const workbench = await toyWorkbench(home, (env) => toyEngine({ refuses: true }, env))
  await expect(workbench.runs.start(toyConfig())).rejects.toMatchObject({ record: { code: 'engine-missing' } })
  expect(workbench.runs.list({ offset: 0, limit: 9 }).total).toBe(0)
})
