// --engine and --device on a terminal, and an engine that prints: nothing of it reaches what a program reads.
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { runEventSchema } from '../../src-main/contract/run/run.ts'
import { temporaryFolder, toyFile } from '../workbench/toy.ts'
import { basil, withToy } from './terminal.ts'

function place() {
  const home = temporaryFolder()
  const config = join(home, 'toy.json')
  writeFileSync(config, JSON.stringify(toyFile))
  return { home, config }
}

test('what an engine prints to stdout is no line of --json', async () => {
  const { home, config } = place()
  const { code, out } = await basil(['run', config, '--json'], { home, env: withToy({ flood: true }) })
  expect(code).toBe(0)
  const lines = out.trim().split('\n')
  for (const line of lines) runEventSchema.parse(JSON.parse(line))
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ type: 'done' })
})

test('an engine asked for that is not here is one sentence before any work, and no run is made', async () => {
  const { home, config } = place()
  const env = { BASIL_ADDON: '', BASIL_BACKEND: '' }
  const { code, err } = await basil(['run', config, '--engine', 'native'], { home, env })
  expect(code).not.toBe(0)
  expect(err).toContain(
    'The engine that was asked for is not available (native-cpu): native TensorFlow is not installed',
  )
  expect((await basil(['runs', '--json'], { home })).out).toBe('[]\n')
  const wrong = await basil(['run', config, '--engine', 'abacus'], { home })
  expect(wrong.err).toContain('Allowed choices are auto, cuda, webgpu, native, wasm')
})

test('the engines and what each lacks are in status and doctor; a choice is kept', async () => {
  const { home } = place()
  const env = { ...withToy(), BASIL_ADDON: '', BASIL_BACKEND: '' }
  expect((await basil(['engine', 'use', 'wasm'], { home, env })).out).toContain('Portable is used')
  const status = JSON.parse((await basil(['engine', 'status', '--json'], { home, env })).out)
  expect(status).toMatchObject({
    choice: 'wasm',
    engines: [{ name: 'cuda' }, { name: 'webgpu' }, {}, { state: 'in-use' }],
  })
  expect((await basil(['doctor'], { home, env })).out).toMatch(/^Native CPU {2}missing .*it is not installed/m)
})

test('a card is chosen by a part of its name', async () => {
  const { home } = place()
  writeFileSync(join(home, 'nvidia-smi'), '#!/bin/sh\necho "0, RTX 4090, 1, 1, 570"\necho "1, RTX 3060, 1, 1, 570"\n')
  chmodSync(join(home, 'nvidia-smi'), 0o755)
  const env = { ...withToy(), PATH: `${home}:${process.env['PATH']}` }
  const found = JSON.parse((await basil(['doctor', '--json', '--device', 'rtx 3060'], { home, env })).out)
  expect(found.device).toBe('gpu:1')
})
