// Packed files unpacked into the cache: once, for whoever asks, anew when they change, never past what they may grow to
// or the cache may hold.
import { mkdtempSync, readdirSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

import { expect, onTestFinished, test } from 'vitest'

import type { ByteSource } from '../../src-main/engine/formats/source.ts'
import { cacheRoom } from '../../src-main/files/cache-room.ts'
import { unpackInto } from '../../src-main/files/unpacked.ts'

interface Site {
  path: string
  kept: () => string[] // names in the cache
  open: (path: string) => Promise<ByteSource>
}

function site(content: Uint8Array, capBytes = 1e9): Site {
  const root = mkdtempSync(join(tmpdir(), 'basil-unpacked-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  const [path, folder] = [join(root, 'a.tar.gz'), join(root, 'cache')]
  writeFileSync(path, content)
  return { path, kept: () => readdirSync(folder), open: unpackInto(folder, cacheRoom([folder], { capBytes })) }
}

const text = async (source: ByteSource): Promise<string> => Buffer.from(await source.read(0, source.size)).toString()

test('a file is unpacked once for all who ask, has its own name, and is unpacked anew when it changed', async () => {
  const { path, kept, open } = site(Buffer.concat([gzipSync('first, '), gzipSync('and a second part')]))
  const [one, two] = await Promise.all([open(path), open(path)])
  expect([await text(one), await text(two), one.path, one.name]).toEqual([
    'first, and a second part',
    'first, and a second part',
    path,
    'a.tar.gz',
  ])
  expect(kept()).toHaveLength(1)
  await Promise.all([one.close(), two.close()])
  writeFileSync(path, gzipSync('another'))
  utimesSync(path, 1, 1)
  const changed = await open(path)
  expect([await text(changed), kept().length]).toEqual(['another', 2])
  await changed.close()
})

test('one that grows to far more than it was is stopped, and nothing is left of it', async () => {
  const packed = gzipSync(Buffer.alloc(2 ** 28 + 2 ** 20), { level: 9 })
  const { path, kept, open } = site(packed)
  await expect(open(path)).rejects.toMatchObject({
    record: {
      code: 'file-damaged',
      where: 'a.tar.gz',
      why: expect.stringMatching(/unpacks to more than 268435456 bytes/),
    },
  })
  expect(kept()).toEqual([])
})

test.each([
  ['what it claims', gzipSync(Buffer.alloc(3000, 'abc')), /unpacks to about 3000 bytes/],
  [
    'what it is, in two parts',
    Buffer.concat([gzipSync(Buffer.alloc(900, 'abc')), gzipSync(Buffer.alloc(900, 'abc'))]),
    /unpacks to more than/,
  ],
])('one that is more than the cache may hold is refused by %s', async (_, packed, why) => {
  const { path, open } = site(packed, 1000)
  await expect(open(path)).rejects.toMatchObject({
    record: { code: 'not-supported', why: expect.stringMatching(why), next: expect.stringMatching(/gunzip/) },
  })
})

test('one that is damaged or cut short is refused, and nothing is left of it', async () => {
  const { path, kept, open } = site(gzipSync('0123456789'.repeat(100)))
  truncateSync(path, 30)
  await expect(open(path)).rejects.toMatchObject({ record: { code: 'file-damaged', where: 'a.tar.gz' } })
  expect(kept()).toEqual([])
})
