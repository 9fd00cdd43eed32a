// What comes out of a wheel: the files an engine needs, where they belong, and only if they are what was packed. And
// which systems have an engine to install.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { zipSync } from 'fflate'
import { expect, test } from 'vitest'

import { refusedHere } from '../../../src-main/workbench/native/system.ts'
import { unpackWheel } from '../../../src-main/workbench/native/unpack.ts'
import { placeOf, readPins } from '../../../src-main/workbench/native/wheels.ts'
import { temporaryFolder } from '../toy.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const library = 'tensorflow/libtensorflow_cc.so.2'
const options = (folder: string) => ({
  folder,
  placeOf,
  signal: new AbortController().signal,
  onBytes: () => undefined,
})

function wheel(
  files: Record<string, Uint8Array>,
  change: (content: Buffer) => void = () => undefined,
): { file: string; folder: string } {
  const scratch = temporaryFolder()
  const content = Buffer.from(zipSync(files, { level: 0 }))
  change(content)
  writeFileSync(join(scratch, 'a.whl'), content)
  return { file: join(scratch, 'a.whl'), folder: join(scratch, 'out') }
}

test.each([
  [library, library],
  ['tensorflow/libtensorflow_framework.so.2', 'tensorflow/libtensorflow_framework.so.2'],
  ['nvidia/cudnn/lib/libcudnn_ops.so.9', 'nvidia/cudnn/lib/libcudnn_ops.so.9'],
  ['nvidia/cuda_nvcc/bin/ptxas', 'nvidia/cuda_nvcc/bin/ptxas'],
  ['nvidia_cudnn_cu12-9.28.0.42.dist-info/licenses/License.txt', 'licences/nvidia_cudnn_cu12.txt'],
  ['tensorflow/include/tensorflow/c/eager/c_api.h', 'headers/tensorflow/c/eager/c_api.h'],
  ['tensorflow/python/_pywrap.so', null],
  ['nvidia/cudnn/include/cudnn.h', null],
  ['nvidia/../../../lib/evil.so', null],
  ['/nvidia/x/lib/evil.so', null],
])('%s goes to %s', (name, place) => expect(placeOf(name)).toBe(place))

test('files are written whole, a program can be run, and the rest is left out', async () => {
  const data = Buffer.alloc(300_000, 'library')
  const { file, folder } = wheel({
    [library]: data,
    'tensorflow/python/x.py': data,
    'nvidia/cuda_nvcc/bin/ptxas': data.subarray(0, 9),
  })
  const seen: number[] = []
  const written = await unpackWheel(file, { ...options(folder), onBytes: (bytes) => seen.push(bytes) })
  expect(written).toEqual([
    { path: library, bytes: 300_000 },
    { path: 'nvidia/cuda_nvcc/bin/ptxas', bytes: 9 },
  ])
  expect(readFileSync(join(folder, library)).equals(data)).toBe(true)
  expect(statSync(join(folder, 'nvidia/cuda_nvcc/bin/ptxas')).mode & 0o111).toBe(0o111)
  expect(readdirSync(folder).sort()).toEqual(['nvidia', 'tensorflow'])
  expect(seen).toEqual([...seen].sort((a, b) => a - b))
  expect(seen.at(-1)).toBe(300_009)
})

test.each([
  [
    'one flipped bit',
    (content: Buffer) => content.writeUInt8((content[500] ?? 0) ^ 1, 500),
    /CRC-32 of tensorflow\/libtensorflow_cc/,
  ],
  ['a cut end', (content: Buffer) => content.fill(0, content.length - 30), /central directory|signature/i],
])('%s refuses the wheel', async (_, change, why) => {
  const { file, folder } = wheel({ [library]: Buffer.alloc(10_000, 'library') }, change)
  await expect(unpackWheel(file, options(folder))).rejects.toMatchObject({
    record: { code: 'install-failed', where: 'a.whl', why: expect.stringMatching(why) },
  })
})

test('Linux on x64 with a glibc that is new enough can have an engine; every other system is told why not', () => {
  const linux = { platform: 'linux', arch: 'x64', libc: '2.36' }
  expect(refusedHere(linux)).toBe('')
  expect(refusedHere({ ...linux, libc: '2.27' })).toBe('')
  expect(refusedHere({ ...linux, libc: '2.26' })).toContain('glibc 2.27 or newer')
  expect(refusedHere({ ...linux, libc: '' })).toContain('another C library')
  expect(refusedHere({ ...linux, arch: 'arm64' })).toContain('not yet for linux on arm64')
  expect(refusedHere({ platform: 'darwin', arch: 'arm64', libc: '' })).toContain('not yet for darwin')
  expect(refusedHere({ platform: 'win32', arch: 'x64', libc: '' })).toContain('not yet for win32')
})

test('every wheel of an engine is pinned by its content, and both engines have the same TensorFlow', () => {
  const { tensorflow, cpu, cuda, cuda13 } = readPins(join(root, 'resources'))
  for (const wheels of [cpu, cuda, cuda13])
    expect(wheels.filter(({ project }) => project.startsWith('tensorflow'))).toMatchObject([{ version: tensorflow }])
  const nvidia = cuda.filter(({ project }) => project.startsWith('nvidia-'))
  expect(nvidia).toHaveLength(12) // as TensorFlow's metadata names them under and-cuda
  expect(nvidia.every(({ project }) => project.endsWith('-cu12'))).toBe(true)
  const asked = cuda13.flatMap(({ links }) => Object.keys(links ?? {}))
  expect(asked.sort()).toEqual(['libcublas.so.12', 'libcublasLt.so.12', 'libcufft.so.11', 'libcusolver.so.11'])
  const [before, now] = [cuda, cuda13].map((wheels) => wheels.reduce((sum, { bytes }) => sum + bytes, 0))
  expect(now).toBeLessThan(0.7 * (before ?? 0))
})
