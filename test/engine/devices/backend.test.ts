// The backend as a program sees it: how it is chosen and named, and that it neither holds a process up nor hides its
// errors.
import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'

import { afterEach, beforeAll, expect, test, vi } from 'vitest'

import { openBackend } from '../../../src-main/engine/devices/backend.ts'
import { engines } from '../../../src-main/engine/devices/index.ts'
import { patience } from '../../patience.ts'

const root = join(import.meta.dirname, '../../..')

beforeAll(() => {
  execFileSync(process.execPath, [join(root, 'build/kernels.mjs')])
})
afterEach(() => vi.unstubAllEnvs())

test('names wasm, its threads and its SIMD, and says why it is not native TensorFlow', async () => {
  vi.stubEnv('BASIL_BACKEND', 'wasm')
  vi.stubEnv('BASIL_THREADS', '3')
  const backend = await openBackend()
  expect(backend.name).toMatch(/^wasm, 3 threads, (relaxed )?SIMD$/)
  expect(backend).toMatchObject({ kind: 'wasm', threads: 3, reason: 'wasm was asked for' })
  expect(backend.versions['tfjs-backend-wasm']).toMatch(/^4\./)
  expect(backend.memory().bytes).toBeGreaterThanOrEqual(0)
  backend.close()
})

test('refuses in one sentence what it cannot do', async () => {
  vi.stubEnv('BASIL_BACKEND', 'abacus')
  await expect(openBackend()).rejects.toThrow('BASIL_BACKEND is "native" or "webgpu" or "wasm", not "abacus".')
  vi.stubEnv('BASIL_BACKEND', 'wasm')
  await expect(openBackend({ threads: 0 })).rejects.toThrow('whole number from 1')
  await expect(openBackend({ kernels: '/nowhere' })).rejects.toThrow(
    'missing from /nowhere: start or install Basil again',
  )
})

test('each engine of the list opens as one of its kinds, or says in one line why not; the last opens anywhere', async () => {
  for (const { name, kinds, open } of engines) {
    const opened = await open({ threads: 1, addon: process.env['BASIL_ADDON'] })
    if (typeof opened === 'string') expect(opened, name).toMatch(/^.+$/)
    else {
      expect(kinds, name).toContain(opened.kind)
      opened.close()
    }
    if (name === engines.at(-1)?.name) expect(opened).toMatchObject({ kind: 'wasm' })
  }
})

test('a forced native TensorFlow is there, or is said to be missing', () => {
  const { stdout, stderr } = runScript('console.log((await openBackend()).kind)', { BASIL_BACKEND: 'native' })
  if (!stdout.startsWith('native'))
    expect(stderr).toContain('BASIL_BACKEND asks for native TensorFlow, which is not available (')
})

test('falls through to wasm quietly', () => {
  const { stdout, stderr, status } = runScript(
    'const { kind, reason } = await openBackend(); console.log(kind, reason)',
    {
      BASIL_ADDON: '',
      BASIL_ENGINES: 'native-gpu,native-cpu,wasm',
    },
  )
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
  expect(stdout).toBe('wasm native TensorFlow is not installed\n')
})

test('lets a program that is done end, and an error be seen as itself', () => {
  const work =
    'const { ops } = await openBackend({ prefer: "wasm", threads: 3 }); const x = tf.ones([300, 300]); ops.matmul(x, x)'
  expect(runScript(work, {})).toMatchObject({ status: 0, stderr: '' })
  const failed = runScript(`${work}; setTimeout(() => { throw new Error("seen") })`, {})
  expect(failed.status).toBe(1)
  expect(failed.stderr).toContain('Error: seen')
  expect(failed.stderr.length).toBeLessThan(2000)
})

function runScript(body: string, environment: Record<string, string>) {
  const engine = join(root, 'src-main/engine/devices')
  const source = `import { openBackend } from '${engine}/backend.ts'; import { tf } from '${engine}/tf.ts'; ${body}`
  const { BASIL_BACKEND: _, ...inherited } = process.env
  return spawnSync(process.execPath, ['--input-type=module-typescript', '-e', source], {
    encoding: 'utf8',
    timeout: patience,
    env: { ...inherited, ...environment },
  })
}
