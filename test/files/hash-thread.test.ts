import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import { hashFile } from '../../src-main/files/hash.ts'
import { hashInThread } from '../../src-main/files/hash-thread.ts'

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'basil-hash-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

test('gives every file the hash hashFile gives it, in the order asked for', async () => {
  const here = folder()
  const sizes = [3 * 2 ** 20 + 17, 0, 2 ** 20] // more than a read, nothing, one read exactly
  const paths = sizes.map((_, k) => join(here, `${k}`))
  for (const [k, path] of paths.entries()) writeFileSync(path, new Uint8Array(sizes[k] as number).fill(k + 1))
  const hashing = hashInThread(paths)
  const expected: string[] = []
  for (const path of paths) expected.push((await hashFile(path)).sha256)
  expect(await hashing.hashes).toEqual(expected)
  await hashing.stop()
})

test('a file that is not there is told by name', async () => {
  const missing = join(folder(), 'none')
  await expect(hashInThread([missing]).hashes).rejects.toMatchObject({
    record: { code: 'file-missing', where: missing },
  })
})
