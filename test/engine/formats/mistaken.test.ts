// What lies where a checkpoint should and is none: it is told what it is, and to download it again, whatever it is
// named.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import { openTensorFile } from '../../../src-main/engine/formats/open.ts'
import { hashCheckpoint } from '../../../src-main/files/source.ts'
import { sourceOf } from './bytes.ts'

const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'4d7a'.repeat(16)}\nsize 605247071\n`
const page = '<!DOCTYPE html>\n<html class=""><head><title>Sign in</title></head><body>…</body></html>\n'
const names = [
  'model.safetensors',
  'pytorch_model.bin',
  'finetuned.pt',
  'w.npz',
  'model.safetensors.index.json',
  'pytorch_model.bin.index.json',
]

const refusal = (text: string, name: string): Promise<unknown> =>
  openTensorFile(sourceOf(Buffer.from(text), name)).catch((error) => error.record)

test.each(names)('%s that is a Git LFS pointer or a page', async (name) => {
  expect(await refusal(pointer, name)).toMatchObject({
    code: 'format-unknown',
    what: `${name} is not a checkpoint but a Git LFS pointer`,
    // all that a row of the library shows
    why: expect.stringContaining('a Git LFS pointer to a file of 605247071 bytes'),
    next: expect.stringMatching(/download it again with "git lfs pull"/),
  })
  for (const text of [
    page,
    `\ufeff\n  ${page}`,
    '<html>no</html>',
    '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
    page.repeat(1000),
  ])
    expect(await refusal(text, name)).toMatchObject({
      code: 'format-unknown',
      what: `${name} is not a checkpoint but a web page`,
      why: expect.stringMatching(/begins with "</),
      next: expect.stringMatching(/^download it again/),
    })
})

test('a few words of a server are repeated; what is bytes is not taken for words', async () => {
  expect(await refusal('Entry not found', 'finetuned.pt')).toMatchObject({
    what: 'finetuned.pt is not a checkpoint but a text',
    why: expect.stringContaining('"Entry not found"'),
  })
  expect(await refusal('{"error":"Repository not found"}', 'a.bin')).toMatchObject({
    why: expect.stringContaining('Repository not found'),
  })
  expect(await refusal('\u0001\u0002abc', 'a.bin')).toMatchObject({ what: 'Basil cannot read this kind of file' })
  expect(await refusal('', 'a.bin')).toMatchObject({ code: 'file-damaged', why: 'it is empty' })
})

test('an index that is a pointer is told before its shards are looked for', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'basil-mistaken-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'pytorch_model.bin.index.json')
  writeFileSync(path, pointer)
  await expect(hashCheckpoint(path)).rejects.toMatchObject({
    record: { what: expect.stringMatching(/Git LFS pointer/) },
  })
})
