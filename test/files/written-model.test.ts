// A model reaches its place whole or not at all: whatever the disk does at whichever operation, what it writes down
// wrongly, and when the process is killed half-way. What killed processes left is removed when it is surely nobody's.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import { containers } from '../../src-main/contract/checkpoint.ts'
import { openTensorFile } from '../../src-main/engine/formats/open.ts'
import type { TensorFile } from '../../src-main/engine/formats/tensor-file.ts'
import { removeLeftovers, temporaryName } from '../../src-main/files/leftovers.ts'
import { disk } from '../../src-main/files/write-atomic.ts'
import { writeModel } from '../../src-main/files/written-model.ts'
import { sourceOf, written } from '../engine/formats/bytes.ts'
import { failing } from './failing-disk.ts'

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'basil-model-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

async function model(): Promise<TensorFile> {
  const bytes = new Uint8Array(Float32Array.from({ length: 100 }, (_, i) => i).buffer)
  const tensors = ['a', 'b'].map((name) => ({ name, dtype: 'F32' as const, shape: [10, 10], bytes }))
  return openTensorFile(sourceOf(await written(tensors)))
}

test.for(containers.flatMap((container) => (['EROFS', 'ENOSPC'] as const).map((code) => [container, code] as const)))(
  '%s: when the n-th operation of the disk says %s, the old file is there as it was, for every n',
  async ([container, code]) => {
    const view = await model()
    let refused = 0
    for (let n = 0; ; n++) {
      const here = folder()
      const out = join(here, 'model')
      writeFileSync(out, 'old')
      const tried = failing(n, code, 'once', 200)
      const outcome = await writeModel(view, { out, overwrite: true, container, metadata: {}, disk: tried.disk }).catch(
        (error) => error,
      )
      expect(readdirSync(here)).toEqual(['model'])
      if (!tried.hit()) {
        expect(outcome).toMatchObject({ tensors: 2 })
        break
      }
      expect(outcome).toMatchObject({
        record: { code: code === 'ENOSPC' ? 'disk-full' : 'target-unwritable', where: out },
      })
      if (readFileSync(out, 'utf8') === 'old') refused += 1
      else expect(n).toBe(tried.count() - 1) // the folder's own fsync, after the rename: the new file is whole
    }
    expect(refused).toBeGreaterThan(5)
  },
)

test('what the disk wrote down otherwise than it was told is refused, and not left', async () => {
  const here = folder()
  const out = join(here, 'model')
  writeFileSync(out, 'old')
  const lying = {
    ...disk,
    create: async (path: string) => ({ ...(await disk.create(path)), close: async () => appendFileSync(path, '!') }),
  }
  const writing = writeModel(await model(), {
    out,
    overwrite: true,
    container: 'safetensors',
    metadata: {},
    disk: lying,
  })
  await expect(writing).rejects.toMatchObject({ record: { code: 'verify-failed', where: out } })
  expect(readFileSync(out, 'utf8')).toBe('old')
  expect(readdirSync(here)).toEqual(['model'])
})

test('killed half-way, a process leaves the old file; its leftover goes with the next write, when it is old', async () => {
  const here = folder()
  const out = join(here, 'model')
  writeFileSync(out, 'old')
  const child = spawn(process.execPath, [join(import.meta.dirname, 'writes-forever.ts'), out], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const over = once(child, 'exit').then(() => expect.fail('the writer ended by itself'))
  await Promise.race([once(child.stdout, 'data'), over])
  over.catch(() => undefined)
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(readFileSync(out, 'utf8')).toBe('old')
  const [leftover] = readdirSync(here).filter((name) => name !== 'model')
  expect(leftover).toMatch(new RegExp(`^\\.basil-${child.pid}-`))
  const next = { out: join(here, 'next'), overwrite: false, container: 'safetensors', metadata: {} } as const
  await writeModel(await model(), next)
  expect(existsSync(join(here, leftover ?? ''))).toBe(true) // it may be another machine's, at work
  const hours = Date.now() / 1000 - 2 * 3600
  utimesSync(join(here, leftover ?? ''), hours, hours)
  await writeModel(await model(), { ...next, overwrite: true })
  expect(readdirSync(here).sort()).toEqual(['model', 'next'])
})

test('what belongs to a living process, or to nobody we know, stays whatever its age', async () => {
  const here = folder()
  const names = [
    temporaryName(),
    '.basil-0123456789abcdef.tmp',
    '.basil-notes.tmp',
    'basil-1-0123456789abcdef.tmp',
  ].sort()
  for (const name of names) {
    writeFileSync(join(here, name), '')
    utimesSync(join(here, name), 0, 0)
  }
  await removeLeftovers(here)
  expect(readdirSync(here).sort()).toEqual(names)
})
