// Checkpoints as PyTorch and NumPy wrote them, against what PyTorch says is in them: names, types, shapes and every
// byte. And hostile files: each refused with the file's name and a reason, or read as its README allows, by a process
// that could do nothing else and is seen not to try.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'

import { expect, test } from 'vitest'

import { BasilError } from '../../src-main/contract/errors.ts'
import { openTensorFile } from '../../src-main/engine/formats/open.ts'
import type { TensorFile } from '../../src-main/engine/formats/tensor-file.ts'
import { openSource } from '../../src-main/files/source.ts'
import { inspect } from '../../src-main/worker/inspect.ts'
import type { Canary } from './formats-canary.ts'

const formats = join(import.meta.dirname, 'formats')
const files = (folder: string): string[] =>
  readdirSync(join(formats, folder))
    .filter((name) => !/^(expected\.|README)/.test(name))
    .map((name) => join(formats, folder, name))

async function opened<T>(path: string, use: (file: TensorFile) => Promise<T>): Promise<T> {
  const source = await openSource(path)
  try {
    return await use(await openTensorFile(source))
  } finally {
    await source.close()
  }
}

const refused: Record<string, string> = {
  'no-tensors.pt': 'format-unknown',
  'objects.npz': 'tensor-dtype',
  'quantised.pt': 'tensor-dtype',
  'sparse.pt': 'tensor-dtype',
  'text.npz': 'tensor-dtype',
}

// Written with what expected.safetensors cannot hold, or is not told by it.
const apart: Record<string, [dtype: string, shape: number[], bytes: Uint8Array]> = {
  'big-endian.npz': ['F32', [3], new Uint8Array(Float32Array.of(0, 1, 2).buffer)],
  'complex.pt': ['C64', [2], new Uint8Array(16)],
}

test.each(Object.entries(apart))('%s is read as what it says', async (name, [dtype, shape, bytes]) => {
  await opened(join(formats, 'more', name), async (file) => {
    expect([...file.tensors.values()]).toMatchObject([{ name: 'w', dtype, shape }])
    expect(Buffer.compare(await file.read('w'), bytes)).toBe(0)
  })
})

test.each(['checkpoints', 'more'])('every file of %s holds exactly the tensors it was written with', async (folder) => {
  await opened(join(formats, folder, 'expected.safetensors'), async (expected) => {
    for (const path of files(folder)) {
      const name = basename(path)
      if (apart[name]) continue
      const code = refused[name]
      if (code) {
        await expect(
          opened(path, async () => undefined),
          name,
        ).rejects.toMatchObject({ record: { code } })
        continue
      }
      const names = [...expected.tensors.keys()]
        .filter((key) => key.startsWith(`${name}/`))
        .map((key) => key.slice(name.length + 1))
      await opened(path, async (file) => {
        expect([...file.tensors.keys()].sort(), name).toEqual(names.sort())
        expect(names.length, name).toBeGreaterThan(0)
        for (const tensor of names) {
          const { dtype, shape } = expected.tensors.get(`${name}/${tensor}`) as { dtype: string; shape: number[] }
          expect(file.tensors.get(tensor), `${name} ${tensor}`).toMatchObject({ dtype, shape })
          const same = Buffer.compare(await file.read(tensor), await expected.read(`${name}/${tensor}`)) === 0
          expect(same, `${name} ${tensor}`).toBe(true)
        }
      })
    }
  })
})

const mostRead = 4 // times a file may be read in all

const readable: Record<string, string[]> = {
  'eval.pt': ['w'],
  'os-system.pt': ['w'],
  'nan.safetensors': ['w'],
  'proto.safetensors': ['__proto__'],
}

test('hostile files are refused by name and reason, or read, and nothing of them is run', () => {
  const cwd = mkdtempSync(join(tmpdir(), 'basil-hostile-'))
  const canary = join(import.meta.dirname, 'formats-canary.ts')
  const told = execFileSync(
    process.execPath,
    ['--permission', '--allow-fs-read=*', '--no-warnings', canary, ...files('hostile')],
    {
      cwd,
      encoding: 'utf8',
    },
  )
  const { outcomes, seen, memory, control } = JSON.parse(told) as Canary
  expect(Object.keys(outcomes).length).toBe(25)
  for (const [name, { names, error, size, bytes }] of Object.entries(outcomes)) {
    expect(bytes, name).toBeLessThanOrEqual(mostRead * size + 64) // 64: what is looked at to tell formats apart
    if (readable[name]) expect(names, name).toEqual(readable[name])
    else {
      expect(['file-damaged', 'format-unknown', 'not-supported'], name).toContain(error?.code)
      expect(error?.where, name).toContain(name)
      expect(error?.why?.length, name).toBeGreaterThan(8)
    }
  }
  const forbidden = /PROCESS|TCP|UDP|TLS|PIPE|WORKER|GETADDRINFO|HTTP|DNS/i
  expect(seen.filter((kind) => forbidden.test(kind))).toEqual([])
  expect(memory).toBeLessThan(512)
  expect(readdirSync(cwd)).toEqual([])
  expect(control.denied).toEqual(['ERR_ACCESS_DENIED', 'ERR_ACCESS_DENIED'])
  expect(control.socket.some((kind) => forbidden.test(kind))).toBe(true)
})

test('inspect tells what a PyTorch file, an npz and a file with NaN hold', async () => {
  expect(await inspect(join(formats, 'checkpoints/nested.pt'))).toMatchObject({
    format: 'pytorch',
    nonFinite: 0,
    blocks: 4, // and one integer buffer
    metadata: { 'pytorch.taken': 'state_dict' },
    tensors: expect.arrayContaining([{ name: 'visual.conv1.weight', dtype: 'F32', shape: [8, 3, 4, 4] }]),
  })
  expect(await inspect(join(formats, 'more/compressed.npz'))).toMatchObject({ format: 'npz', nonFinite: 0 })
  expect(await inspect(join(formats, 'hostile/nan.safetensors'))).toMatchObject({ format: 'safetensors', nonFinite: 2 })
  await expect(inspect(join(formats, 'hostile/bomb.pt'))).rejects.toBeInstanceOf(BasilError)
})
