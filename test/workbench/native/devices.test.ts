// Devices as nvidia-smi tells of them (a stand-in on PATH), the person's choice, and what the engine's process gets of
// both.
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, onTestFinished, test, vi } from 'vitest'

import { answer } from '../../../src-main/remote/answers.ts'
import {
  chooseDevice,
  deviceChoice,
  engineEnvironment,
  requireDevice,
} from '../../../src-main/workbench/native/devices.ts'
import { gpus } from '../../../src-main/workbench/native/gpus.ts'
import { patience } from '../../patience.ts'
import { temporaryFolder } from '../toy.ts'

/** An environment whose nvidia-smi is this shell script. */
function driver(script: string): NodeJS.ProcessEnv {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'nvidia-smi'), `#!/bin/sh\n${script}\n`)
  chmodSync(join(folder, 'nvidia-smi'), 0o755)
  return { PATH: folder }
}

test('GPUs with their names, memory and driver, as nvidia-smi numbers them', async () => {
  const env = driver(`[ "$1" = "--query-gpu=index,name,memory.total,memory.free,driver_version,compute_cap" ] || exit 2
[ "$2" = "--format=csv,noheader,nounits" ] || exit 2
echo "0, NVIDIA GeForce RTX 5090, 32607, 31000, 575.57.08, 12.0"
echo "1, NVIDIA GB10, [N/A], [N/A], 580.65.06, 12.1"`)
  expect(await gpus(env)).toEqual({
    noGpu: '',
    gpus: [
      {
        id: 'gpu:0',
        name: 'NVIDIA GeForce RTX 5090',
        memoryBytes: 32607 * 2 ** 20,
        freeBytes: 31000 * 2 ** 20,
        driver: '575.57.08',
        capability: '12.0',
      },
      { id: 'gpu:1', name: 'NVIDIA GB10', memoryBytes: 0, freeBytes: 0, driver: '580.65.06', capability: '12.1' },
    ],
  })
})

test('what answers on a cluster names the cards that are listed there', async () => {
  const { PATH = '' } = driver('echo "0, NVIDIA H200, 143771, 143050, 570.86.15, 9.0"')
  vi.stubEnv('PATH', PATH)
  onTestFinished(() => void vi.unstubAllEnvs())
  expect(await answer({ ask: 'hello', of: { folder: temporaryFolder() } })).toMatchObject({ gpus: ['NVIDIA H200'] })
})

test('a driver that knows no compute capability is asked without it', async () => {
  const env =
    driver(`case "$1" in *compute_cap*) echo 'Field "compute_cap" is not a valid field to query.'; exit 2;; esac
echo "0, Tesla K80, 11441, 11000, 470.256.02"`)
  expect(await gpus(env)).toMatchObject({ noGpu: '', gpus: [{ name: 'Tesla K80', capability: '' }] })
})

test('a page that asks a thousand times for the cards starts one process, and who asks a second later hears anew', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  onTestFinished(() => void vi.useRealTimers())
  const told = join(temporaryFolder(), 'told')
  const env = driver(`echo asked >> '${told}'; echo "no card"`)
  const starts = (): number => readFileSync(told, 'utf8').split('\n').length - 1
  expect(new Set((await Promise.all(Array.from({ length: 1000 }, () => gpus(env)))).map((one) => one.noGpu))).toEqual(
    new Set(['no card']),
  )
  vi.advanceTimersByTime(900)
  await gpus(env)
  expect(starts()).toBe(1)
  vi.advanceTimersByTime(200)
  await Promise.all([gpus(env), gpus(env)])
  expect(starts()).toBe(2)
})

test.each<[string, string | NodeJS.ProcessEnv, RegExp, number?]>([
  ['no driver', { PATH: '/nowhere' }, /^no NVIDIA driver is installed/],
  [
    'a driver that is not loaded',
    'echo "NVIDIA-SMI has failed because it couldn\'t communicate with the NVIDIA driver."; exit 9',
    /couldn't communicate with the NVIDIA driver/,
  ],
  ['no card', 'echo "No devices were found"; exit 6', /^No devices were found$/],
  ['nothing said', 'exit 0', /^the NVIDIA driver lists no card$/],
  ['a driver that hangs', 'exec /bin/sleep 600', /^the NVIDIA driver does not answer$/, 500],
])('%s is a reason, not an error', async (_, script, reason, limit = patience) => {
  const found = await gpus(typeof script === 'string' ? driver(script) : script, limit)
  expect(found).toEqual({ gpus: [], noGpu: expect.stringMatching(reason) })
})

test('the choice is kept in the data folder; the environment wins until the person chooses again; nonsense is refused', async () => {
  const home = temporaryFolder()
  const env: NodeJS.ProcessEnv = {}
  expect(deviceChoice(home, env)).toBe('auto')
  await chooseDevice(home, 'gpu:1', env)
  expect(deviceChoice(home, env)).toBe('gpu:1')
  env['BASIL_DEVICE'] = 'cpu'
  expect(deviceChoice(home, env)).toBe('cpu')
  await chooseDevice(home, 'gpu:0', env)
  expect(deviceChoice(home, env)).toBe('gpu:0')
  await expect(chooseDevice(home, 'gpu:one', env)).rejects.toMatchObject({
    record: { code: 'config-invalid', why: 'it is "gpu:one"' },
  })
  expect(() => deviceChoice(home, { BASIL_DEVICE: 'tpu' })).toThrow('There is no such device')
  mkdirSync(join(home, 'engine'), { recursive: true })
  writeFileSync(join(home, 'engine', 'device.json'), '{"dev')
  expect(deviceChoice(home, env)).toBe('auto')
})

test("the engine's process sees what was chosen and takes memory as it needs it", () => {
  const home = temporaryFolder()
  const inherited = { CUDA_VISIBLE_DEVICES: '3', HOME: '/home/a' }
  const growth = {
    BASIL_ENGINES: expect.stringMatching(/^native-gpu,(webgpu,)?native-cpu,wasm$/),
    BASIL_TUNING: join(home, 'engine'),
    BASIL_LOGS: join(home, 'logs'),
    CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
    MALLOC_MMAP_THRESHOLD_: '1048576',
    HOME: '/home/a',
  }
  // the person's own wish
  expect(engineEnvironment(home, 'auto', inherited)).toEqual({ ...growth, CUDA_VISIBLE_DEVICES: '3' })
  expect(engineEnvironment(home, 'gpu:1', inherited)).toEqual({ ...growth, CUDA_VISIBLE_DEVICES: '1' })
  expect(engineEnvironment(home, 'cpu', inherited)).toEqual({
    ...growth,
    BASIL_ENGINES: 'native-cpu,wasm',
    CUDA_VISIBLE_DEVICES: '-1',
  })
  expect(engineEnvironment(home, 'cpu', { BASIL_ADDON: '/a.node' })['BASIL_ADDON']).toBe('/a.node')
  const own = { MALLOC_MMAP_THRESHOLD_: '65536' }
  expect(engineEnvironment(home, 'cpu', own)).toMatchObject(own)
})

test('only a chosen GPU is required', () => {
  const engine = {
    name: 'native TensorFlow (CPU)',
    kind: 'native-cpu' as const,
    threads: 1,
    simd: '',
    reason: '',
    versions: {},
  }
  requireDevice('auto', engine)
  requireDevice('cpu', engine)
  requireDevice('gpu:0', { ...engine, kind: 'native-gpu' })
  expect(() => requireDevice('gpu:0', engine, 'No devices were found')).toThrow(
    'gpu:0 was chosen, and the engine runs on native TensorFlow (CPU); No devices were found',
  )
})
