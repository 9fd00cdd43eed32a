// Installing native TensorFlow as a person meets it: it works, or it says what is missing and leaves the engine in use
// alone.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterEach, expect, test, vi } from 'vitest'

import { type InstallEvent, installEventSchema } from '../../../src-main/contract/api/native.ts'
import { currentEngine, downloadsFolder, engineFolder } from '../../../src-main/files/engine-folder.ts'
import { removeEngine } from '../../../src-main/workbench/native/installer.ts'
import { started } from '../../bundles.ts'
import { nativeDouble } from './double.ts'
import { fakeIndex, type Index, installFrom } from './fake-index.ts'

afterEach(() => vi.unstubAllEnvs())

const failing = (code: string, text: RegExp) => ({
  record: { code, what: expect.any(String), why: expect.stringMatching(text), next: expect.any(String) },
})
const installations = (index: Index): string[] =>
  readdirSync(engineFolder(index.home)).filter((name) => name.startsWith('cpu-'))

test('puts the libraries, the addon and the licences into the data folder, and nothing else', async () => {
  const index = fakeIndex()
  const { events, error } = await installFrom(index)
  expect(error).toBeNull()
  const { installed, damaged } = currentEngine(index.home)
  expect({ installed, damaged }).toMatchObject({ installed: { kind: 'cpu', tensorflow: '1.0' }, damaged: '' })
  const found = readdirSync(installed?.folder ?? '', { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )
  expect(found.map(({ name }) => name).sort()).toEqual([
    'THIRD_PARTY_NOTICES.txt',
    'libcublas.so.12',
    'libtensorflow_cc.so.2',
    'libtensorflow_framework.so.2',
    'manifest.json',
    'tfjs_binding.node',
  ])
  expect(readFileSync(join(installed?.folder ?? '', 'nvidia/cublas/lib/libcublas.so.12'), 'utf8')).toBe(
    'cublas '.repeat(5000),
  )
  expect(existsSync(downloadsFolder(index.home))).toBe(false)
  for (const event of events) installEventSchema.parse(event)
  const steps = events.flatMap((event) => [event.type === 'step' ? event.step : event.type])
  expect([...new Set(steps)]).toEqual([
    'resolve',
    'sizes',
    'download',
    'extract',
    'addon',
    'self-test',
    'switch',
    'installed',
  ])
  const last = events.findLast((event) => event.type === 'step' && event.step === 'extract')
  expect(last).toMatchObject({ done: 445_007, total: 445_007 })
})

test('a second installation takes the place of the first, which is removed after the switch, or later if it is at work', async () => {
  const index = fakeIndex()
  await installFrom(index)
  const first = currentEngine(index.home).installed?.folder
  await installFrom(index, { inUse: () => true })
  expect(installations(index)).toHaveLength(2)
  expect(currentEngine(index.home).installed?.folder).not.toBe(first)
  await installFrom(index)
  expect(installations(index)).toHaveLength(1)
})

test.each([
  ['there is no Python', () => fakeIndexWithout('python3'), failing('install-failed', /no python3/)],
  ['there is no pip', () => fakeIndex({ pip: false }), failing('install-failed', /No module named pip/)],
  [
    'there is no compiler and no addon',
    () => fakeIndex({ addon: false }),
    failing('install-failed', /no C\+\+ compiler/),
  ],
  [
    'the index does not have it',
    () => answering('tensorflow-cpu', 'unknown'),
    failing('install-failed', /does not offer it/),
  ],
  [
    'pip refuses the hash',
    () => answering('tensorflow-cpu', 'refuses-hash'),
    failing('install-failed', /SHA-256 is not [0-9a-f]{64}/),
  ],
  [
    'pip brings other bytes',
    () => answering('tensorflow-extra', 'other-bytes'),
    failing('install-failed', /SHA-256 is not/),
  ],
])('where %s it says so, with what to do, and nothing was installed', async (_, make, expected) => {
  const index = make()
  const { error } = await installFrom(index)
  expect(error).toMatchObject(expected)
  expect(currentEngine(index.home)).toEqual({ installed: null, damaged: '' })
  expect(installations(index)).toEqual([])
})

test('asked for CUDA where no GPU is, it refuses before anything is fetched', async () => {
  const index = fakeIndex()
  const { error } = await installFrom(index, { kind: 'cuda' })
  expect(error).toMatchObject(failing('install-failed', /no NVIDIA driver/))
  expect(index.asked()).toEqual([])
})

test('for a card it says what it fetches and how large that is before it fetches; CUDA 13 stands under the names of 12', async () => {
  const index = fakeIndex()
  const smi = join(index.home, '..', 'programs', 'nvidia-smi')
  writeFileSync(smi, '#!/bin/sh\necho "0, NVIDIA H200, 143771, 143050, 580.159.04, 9.0"\n', { mode: 0o755 })
  const fetchedBefore: string[][] = []
  const events: InstallEvent[] = []
  const tell = (event: InstallEvent): void => {
    events.push(event)
    if (event.type === 'sizes') fetchedBefore.push(index.asked())
  }
  const start = (environment: NodeJS.ProcessEnv) => nativeDouble({ ...environment, DOUBLE: 'gpu' })
  const { error } = await installFrom(index, { kind: 'cuda', tell, start })
  expect(error).toBeNull()
  expect(fetchedBefore).toEqual([[]])
  const sizes = events.find((event) => event.type === 'sizes')
  expect(installEventSchema.parse(sizes)).toMatchObject({
    packages: [{ project: 'tensorflow-cpu' }, { project: 'nvidia-cublas', version: '1.0', bytes: 35_000 }],
    notes: [expect.stringMatching(/^Driver 580\.159\.04 runs CUDA 13/)],
  })
  const { installed, damaged } = currentEngine(index.home)
  expect(damaged).toBe('')
  const cublas = join(installed?.folder ?? '', 'nvidia/cublas/lib/libcublas.so.12')
  expect(readFileSync(cublas, 'utf8')).toBe('cublas '.repeat(5000))
  rmSync(cublas)
  expect(currentEngine(index.home).damaged).toBe('nvidia/cublas/lib/libcublas.so.12 is missing or not whole')
})

test.each([
  ['wrong', /losses are off by 8\.\de-4/],
  ['wasm', /file too short/],
  ['dies', /ended by SIGKILL/],
])('an engine that fails its self-test (%s) is thrown away, and the one from before stays in use', async (how, why) => {
  const index = fakeIndex()
  await installFrom(index)
  const before = currentEngine(index.home)
  const { error } = await installFrom(index, { start: (environment) => nativeDouble({ ...environment, DOUBLE: how }) })
  expect(error).toMatchObject(failing('install-failed', why))
  expect(currentEngine(index.home)).toEqual(before)
  expect(installations(index)).toHaveLength(1)
})

test('cancelled while pip downloads, pip is ended and what came whole is kept for the next time', async () => {
  const index = fakeIndex()
  index.answer('tensorflow-extra', 'hangs')
  const cancel = new AbortController()
  const tell = (event: InstallEvent): void => {
    if (event.type === 'step' && event.what === 'tensorflow-extra' && event.done > 0 && existsSync(pidFile))
      cancel.abort()
  }
  const pidFile = join(index.home, '..', 'pid')
  const { error } = await installFrom(index, { signal: cancel.signal, tell })
  expect(error).toMatchObject(failing('cancelled', /you cancelled it/))
  expect(() => process.kill(Number(readFileSync(pidFile, 'utf8')), 0)).toThrow('ESRCH')
  expect(readdirSync(downloadsFolder(index.home)).some((name) => name === 'parts')).toBe(false)
  index.answer('tensorflow-extra', 'well')
  expect((await installFrom(index)).error).toBeNull()
  expect(index.asked()).toEqual(['pip', 'tensorflow-cpu', 'tensorflow-extra', 'tensorflow-extra'])
})

test('a wheel that was damaged on the disk is fetched again, not trusted', async () => {
  const index = fakeIndex()
  await installFrom(index, { keepDownloads: true })
  const wheel = readdirSync(downloadsFolder(index.home)).find((name) => name.startsWith('tensorflow_cpu')) ?? ''
  const content = readFileSync(join(downloadsFolder(index.home), wheel))
  content[100] = (content[100] ?? 0) ^ 1
  writeFileSync(join(downloadsFolder(index.home), wheel), content)
  expect((await installFrom(index)).error).toBeNull()
  expect(index.asked()).toEqual(['pip', 'tensorflow-cpu', 'tensorflow-extra', 'tensorflow-cpu'])
})

test('killed at any step, the engine from before is in use and whole; the next installation goes on and tidies up', async () => {
  const index = fakeIndex()
  await installFrom(index, { keepDownloads: true })
  const before = currentEngine(index.home)
  for (const step of ['resolve', 'download', 'extract', 'addon', 'self-test', 'switch']) {
    const [, signal] = await once(installer(index, step), 'close')
    expect({ step, signal }).toEqual({ step, signal: 'SIGKILL' })
    const { installed, damaged } = currentEngine(index.home)
    expect({ step, damaged, whole: installed !== null }).toEqual({ step, damaged: '', whole: true })
    if (step !== 'switch') expect({ step, installed }).toEqual({ step, installed: before.installed })
  }
  expect((await installFrom(index)).error).toBeNull()
  expect(index.asked()).toEqual(['pip', 'tensorflow-cpu', 'tensorflow-extra']) // nothing was fetched twice
  expect(installations(index)).toHaveLength(1)
})

test('a second one at a time is refused, and so is removing meanwhile', async () => {
  const index = fakeIndex()
  const busy = failing('folder-busy', /process \d+/)
  const refused: unknown[] = []
  const start = (environment: NodeJS.ProcessEnv) => {
    refused.push(
      installFrom(index).then(({ error }) => error),
      removeEngine(index.home, () => false).catch((error: unknown) => error),
    )
    return nativeDouble(environment)
  }
  expect((await installFrom(index, { start })).error).toBeNull()
  expect(await Promise.all(refused)).toMatchObject([busy, busy])
})

test('removing leaves the portable engine and an empty folder; what is at work stays on the disk', async () => {
  const index = fakeIndex()
  await installFrom(index)
  expect(await removeEngine(index.home, () => true)).toBe(true)
  expect(currentEngine(index.home).installed).toBeNull()
  expect(installations(index)).toHaveLength(1)
  expect(await removeEngine(index.home, () => false)).toBe(false)
  expect(installations(index)).toEqual([])
})

/** One that is killed where this step begins. */
function installer(index: Index, step: string): ChildProcess {
  const main = started('test/workbench/native/install-main.ts')
  return spawn(process.execPath, [main, index.home, index.resources, step], {
    env: index.environment,
    stdio: 'inherit',
  })
}

function answering(project: string, how: Parameters<Index['answer']>[1]): Index {
  const index = fakeIndex()
  index.answer(project, how)
  return index
}

function fakeIndexWithout(program: string): Index {
  const index = fakeIndex()
  rmSync(join(index.home, '..', 'programs', program))
  return index
}
