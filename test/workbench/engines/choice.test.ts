// Which kinds of engine a process is to try, in which order: by a person's word, by trials, and by the list.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import type { Card, EngineKind } from '../../../src-main/contract/run/engine-info.ts'
import { chooseEngine, engineChoice, engineOrder, isLeftOpen } from '../../../src-main/workbench/engines/choice.ts'
import { keepTrials, keptTrials } from '../../../src-main/workbench/engines/measured.ts'
import { engineEnvironment } from '../../../src-main/workbench/native/devices.ts'
import { temporaryFolder } from '../toy.ts'

/** A machine on which WebGPU is not excluded by a look at files, whatever this one has. */
const here = { VK_DRIVER_FILES: '/a/driver.json' }
const cpuOnly: EngineKind[] = ['native-cpu', 'wasm']

async function tried(home: string, found: Partial<Record<EngineKind, number | string>>, card?: Card): Promise<void> {
  const one = (kind: EngineKind, what: number | string) => ({
    kind,
    key: 'this machine',
    tried: '2026-01-02T03:04:05.000Z',
    why: typeof what === 'string' ? what : '',
    trial:
      typeof what === 'string'
        ? null
        : {
            engine: { name: kind, kind, threads: 1, simd: '', reason: '', versions: {}, ...(card && { card }) },
            milliseconds: what,
            steps: 9,
          },
  })
  await keepTrials(
    home,
    (['native-gpu', 'webgpu', 'native-cpu', 'wasm'] as const).flatMap((kind) =>
      found[kind] === undefined ? [] : [one(kind, found[kind])],
    ),
  )
}

const without = (order: EngineKind[]): EngineKind[] => order.filter((kind) => kind !== 'webgpu')

test('where nothing is measured the order is CUDA, WebGPU, native TensorFlow, the portable engine', () => {
  const order = engineOrder(temporaryFolder(), 'auto', here)
  expect(without(order)).toEqual(['native-gpu', 'native-cpu', 'wasm'])
  if (order.includes('webgpu')) expect(order.indexOf('webgpu')).toBe(1)
})

test('the fastest of what was tried comes first, what failed is left alone, and the portable engine stays', async () => {
  const home = temporaryFolder()
  await tried(home, { 'native-gpu': 'the driver crashed', 'native-cpu': 900, wasm: 700 })
  expect(without(engineOrder(home, 'auto', here))).toEqual(['wasm', 'native-cpu'])
  await tried(home, { 'native-gpu': 4, 'native-cpu': 900, wasm: 1000 })
  expect(without(engineOrder(home, 'auto', here))).toEqual(['native-gpu', 'native-cpu', 'wasm'])
  await tried(home, { 'native-gpu': 'no', 'native-cpu': 'no', wasm: 'no' })
  expect(without(engineOrder(home, 'auto', here))).toEqual(['wasm'])
})

test('a driver that computes on the processor is never chosen by itself, only by name', async () => {
  const home = temporaryFolder()
  const software = { name: 'llvmpipe', driver: 'Mesa', software: true }
  await tried(home, { webgpu: 1, wasm: 1000 }, software)
  expect(engineOrder(home, 'auto', here)).not.toContain('webgpu')
  expect(engineOrder(home, 'auto', { ...here, BASIL_CHOICE: 'webgpu' })).toEqual(['webgpu'])
})

test('a choice is kept, --engine wins over it for one process, and choosing anew wins over both', async () => {
  const home = temporaryFolder()
  const env: NodeJS.ProcessEnv = {}
  expect([engineChoice(home, env), isLeftOpen(home, env)]).toEqual(['auto', true])
  await chooseEngine(home, 'native', env)
  expect([engineChoice(home, env), isLeftOpen(home, env)]).toEqual(['native', false])
  expect(engineOrder(home, 'auto', env)).toEqual(['native-cpu'])
  env['BASIL_CHOICE'] = 'wasm'
  expect(engineOrder(home, 'auto', env)).toEqual(['wasm'])
  env['BASIL_CHOICE'] = 'auto' // takes the kept one back for this process
  expect(isLeftOpen(home, env)).toBe(true)
  await chooseEngine(home, 'cuda', env)
  expect(engineOrder(home, 'auto', env)).toEqual(['native-gpu'])
  mkdirSync(join(home, 'engine'), { recursive: true })
  writeFileSync(join(home, 'engine', 'choice.json'), '{"engine":"abacus"}')
  writeFileSync(join(home, 'engine', 'trials.json'), '[{"kind":')
  expect([engineChoice(home, env), keptTrials(home)]).toEqual(['auto', []])
})

test('on the CPU no engine of a card is tried, whatever was chosen', () => {
  const home = temporaryFolder()
  expect(engineOrder(home, 'cpu', here)).toEqual(cpuOnly)
  expect(engineOrder(home, 'cpu', { BASIL_CHOICE: 'webgpu' })).toEqual(cpuOnly)
  expect(engineOrder(home, 'cpu', { BASIL_CHOICE: 'wasm' })).toEqual(['wasm'])
  const forced = engineEnvironment(home, 'cpu', { BASIL_BACKEND: 'webgpu' })
  expect(forced).toMatchObject({ BASIL_BACKEND: '', BASIL_ENGINES: cpuOnly.join(), CUDA_VISIBLE_DEVICES: '-1' })
})

test('a chosen card puts the engines of cards first', async () => {
  const home = temporaryFolder()
  await tried(home, { 'native-gpu': 9, 'native-cpu': 3, wasm: 5 })
  expect(without(engineOrder(home, 'auto', here))).toEqual(['native-cpu', 'wasm', 'native-gpu'])
  expect(without(engineOrder(home, 'gpu:0', here))).toEqual(['native-gpu', 'native-cpu', 'wasm'])
})

test('the native engine of the CPU sees no card, and an engine forced by BASIL_BACKEND is left to itself', () => {
  const home = temporaryFolder()
  expect(engineEnvironment(home, 'auto', { BASIL_CHOICE: 'native' })).toMatchObject({
    BASIL_ENGINES: 'native-cpu',
    CUDA_VISIBLE_DEVICES: '-1',
  })
  const forced = engineEnvironment(home, 'auto', { BASIL_BACKEND: 'native' })
  expect([forced['BASIL_ENGINES'], forced['CUDA_VISIBLE_DEVICES']]).toEqual([undefined, undefined])
})
