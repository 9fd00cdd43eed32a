// The field's heads in one file of ours: several at once, by their own names, with what they were made from; a run
// reads them.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import type { HeadImport } from '../../../src-main/contract/api/heads.ts'
import { headNameOf } from '../../../src-main/contract/named-tensor.ts'
import { openTensorFile } from '../../../src-main/engine/formats/open.ts'
import { readHead } from '../../../src-main/engine/heads/head-file.ts'
import { hashFile } from '../../../src-main/files/hash.ts'
import { openSource } from '../../../src-main/files/source.ts'
import { importHeads } from '../../../src-main/worker/heads/import.ts'
import { temporaryFolder } from '../../workbench/toy.ts'

const golden = join(import.meta.dirname, '../../golden')
const field = (name: string): string => join(golden, 'heads', name)
const plain = { as: 'zero-shot', features: 'normalised', model: null, overwrite: false } as const
const named = (...files: string[]): HeadImport['heads'] => files.map((file) => ({ file, name: headNameOf(file) }))

async function recordsOf(path: string): Promise<unknown> {
  const source = await openSource(path)
  const { metadata } = await openTensorFile(source)
  await source.close()
  return JSON.parse(metadata['basil.head'] ?? '')
}

test('a name is what the file is called, without what every such file is called', () => {
  const names = [
    'a/head_CarsVal.pt',
    'head_MNIST.pt',
    'f.safetensors#head.glyphs',
    'f/mine.pt#weight',
    'Val.pt',
    'head_SUN397Val.pt',
  ]
  expect(names.map(headNameOf)).toEqual(['Cars', 'MNIST', 'glyphs', 'mine', 'Val', 'SUN397'])
})

test('several at once are one file, whose heads are those of the files', async () => {
  const out = join(temporaryFolder(), 'heads.safetensors')
  const files = [field('head_CarsVal.pt'), field('head_MNISTVal.pt'), field('head_DTDVal.pt')]
  const written = await importHeads({ ...plain, heads: named(...files), out })
  expect(written).toEqual({ file: out, tensors: 3, ...(await hashFile(out)) })
  for (const file of files)
    expect(await readHead(`${out}#head.${headNameOf(file)}`, openSource)).toEqual(await readHead(file, openSource))
  expect(await recordsOf(out)).toEqual(
    await Promise.all(
      files.map(async (file) => ({
        ...{ name: headNameOf(file), kind: 'zero-shot', scale: 100, normalised: true, classes: null, model: null },
        from: { name: file.split('/').at(-1), sha256: (await hashFile(file)).sha256 },
      })),
    ),
  )
})

test('a probe keeps weight and bias to the bit, is itself again when it is imported again, and what it was made for is noted', async () => {
  const folder = temporaryFolder()
  const [out, again] = [join(folder, 'probe.safetensors'), join(folder, 'again.safetensors')]
  await importHeads({
    ...plain,
    as: 'probe',
    features: 'raw',
    heads: [{ file: field('head_probe.pt'), name: 'mine' }],
    out,
  })
  const head = await readHead(`${out}#head.mine`, openSource)
  expect(head).toMatchObject({ scale: 1, normalised: false, classes: 5, embed: 8 })
  expect([...head.weights]).toEqual(JSON.parse(readFileSync(field('expected.json'), 'utf8'))['head_probe.pt'].rows)
  await importHeads({ ...plain, heads: named(`${out}#head.mine`), out: again })
  expect(await readHead(`${again}#head.mine`, openSource)).toEqual(head)
  const model = join(golden, 'math/pretrained.safetensors')
  const theirs = join(golden, 'math/tasks.safetensors#head.alpha')
  await importHeads({ ...plain, heads: named(theirs), model, out: again, overwrite: true })
  expect(await recordsOf(again)).toMatchObject({ name: 'alpha', model: (await hashFile(model)).sha256 })
})

test('what is no head, of another model, or twice of one name is refused, and nothing is written', async () => {
  const folder = temporaryFolder()
  const out = join(folder, 'heads.safetensors')
  const one = named(field('head_CarsVal.pt'))
  const model = join(golden, 'math/pretrained.safetensors')
  const refused: [object, string][] = [
    [{ heads: named(field('head_probe.pt')) }, 'data-invalid'],
    [{ heads: [...one, ...one] }, 'data-invalid'],
    [{ heads: one, model }, 'tensor-shape'],
    [{ heads: named(model) }, 'data-invalid'],
    [{ heads: named(join(golden, 'formats/hostile/os-system.pt')) }, 'tensor-missing'],
    [{ heads: named(join(folder, 'none.pt')) }, 'file-missing'],
  ]
  for (const [change, code] of refused)
    await expect(importHeads({ ...plain, out, heads: one, ...change })).rejects.toMatchObject({ record: { code } })
  expect(existsSync(out)).toBe(false)
  writeFileSync(out, 'mine')
  await expect(importHeads({ ...plain, out, heads: one })).rejects.toMatchObject({ record: { code: 'target-exists' } })
  expect(readFileSync(out, 'utf8')).toBe('mine')
})
