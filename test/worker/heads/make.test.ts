// A head from words to file: what is written is what a run reads, its file says what it was made from, and a target
// that must not be touched is not. Lists are read by a data set's name or from a file.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, test } from 'vitest'

import type { HeadEvent, HeadRequest } from '../../../src-main/contract/api/heads.ts'
import { nothingSaid } from '../../../src-main/contract/tower.ts'
import { type Backend, openBackend } from '../../../src-main/engine/devices/backend.ts'
import { openTensorFile } from '../../../src-main/engine/formats/open.ts'
import { readHead } from '../../../src-main/engine/heads/head-file.ts'
import { hashFile } from '../../../src-main/files/hash.ts'
import { openSource } from '../../../src-main/files/source.ts'
import { readPrompts } from '../../../src-main/workbench/heads/prompts.ts'
import { makeHead } from '../../../src-main/worker/heads/make.ts'
import { temporaryFolder } from '../../workbench/toy.ts'

const resources = join(import.meta.dirname, '../../../resources')
const model = join(import.meta.dirname, '../../golden/text/text-tower.safetensors')
const made = { name: 'land', classes: ['forest', 'river'], templates: ['a photo of a {}.', '{}'] }
const merges = join(resources, 'text', 'bpe_simple_vocab_16e6.txt.gz')

let backend: Backend
beforeAll(async () => {
  backend = await openBackend({ prefer: 'wasm', threads: 1 })
})
afterAll(() => backend.close())

async function make(out: string, change: object = {}): Promise<HeadEvent[]> {
  const request: HeadRequest = {
    ...made,
    model,
    merges,
    ...nothingSaid,
    endOfText: null,
    out,
    overwrite: false,
    ...change,
  }
  const events: HeadEvent[] = []
  for await (const event of makeHead(request, backend.ops)) events.push(event)
  return events
}

test('a run reads the head that was written, and its file says what it was made from', async () => {
  const out = join(temporaryFolder(), 'heads.safetensors')
  expect(await make(out)).toEqual([
    { type: 'progress', what: 'Texts', done: 4, total: 4 },
    {
      type: 'written',
      file: out,
      tensors: 1,
      ...(await hashFile(out)),
      warnings: [expect.stringMatching(/nothing says how its text tower is computed/)],
    },
  ])
  const head = await readHead(`${out}#head.land`, openSource)
  expect({ classes: head.classes, embed: head.embed }).toEqual({ classes: 2, embed: 32 })
  const source = await openSource(out)
  const { metadata } = await openTensorFile(source)
  await source.close()
  expect(JSON.parse(metadata['basil.head'] ?? '')).toEqual({
    ...made,
    model: (await hashFile(model)).sha256,
    kind: 'zero-shot',
    scale: 100,
    normalised: true,
  })
  expect(backend.memory().tensors).toBe(0)
})

test('heads, activation and the end of a text that are said are obeyed, and nothing is a guess then', async () => {
  const folder = temporaryFolder()
  const said = { attentionHeads: 4, activation: 'gelu' } as const
  const hashes = new Set<string>()
  for (const [name, change] of Object.entries({
    found: {},
    said,
    end: { ...said, endOfText: 320 },
    old: { ...said, endOfText: 2 },
  })) {
    const [written] = (await make(join(folder, `${name}.safetensors`), change)).filter(({ type }) => type === 'written')
    if (written?.type !== 'written') throw new Error('nothing was written')
    hashes.add(written.sha256)
    expect(written.warnings).toHaveLength(name === 'found' ? 1 : 0)
  }
  expect(hashes.size).toBe(3) // 2 stands for the highest number, which is the tokenizer's end
  await expect(make(join(folder, 'no.safetensors'), { attentionHeads: 5 })).rejects.toMatchObject({
    record: { code: 'config-invalid' },
  })
})

test('a file that is there is kept unless it may be replaced, and kept when the work fails', async () => {
  const out = join(temporaryFolder(), 'heads.safetensors')
  writeFileSync(out, 'mine')
  await expect(make(out)).rejects.toMatchObject({ record: { code: 'target-exists' } })
  const notClip = join(resources, 'sample', 'pretrained.safetensors')
  await expect(make(out, { model: notClip, overwrite: true })).rejects.toMatchObject({
    record: { code: 'tensor-missing' },
  })
  expect(readFileSync(out, 'utf8')).toBe('mine')
  await make(out, { overwrite: true })
  expect((await readHead(`${out}#head.land`, openSource)).classes).toBe(2)
})

test('lists go by any spelling of a data set, or are files: one a line, or JSON', () => {
  expect(readPrompts(resources, 'classes', 'cifar-10')).toMatchObject({ name: 'CIFAR10', texts: { length: 10 } })
  expect(readPrompts(resources, 'templates', 'Euro SAT').texts).toContain('a centered satellite photo of {}.')
  const folder = temporaryFolder()
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  expect(readPrompts(resources, 'classes', file('birds.txt', ' wren \r\n\nrook\n'))).toEqual({
    name: 'birds',
    texts: ['wren', 'rook'],
  })
  expect(readPrompts(resources, 'classes', file('b.json', '["wren", "rook"]')).texts).toEqual(['wren', 'rook'])
  const refused = (kind: 'classes' | 'templates', given: string) => {
    try {
      return readPrompts(resources, kind, given)
    } catch (error) {
      return error
    }
  }
  expect(refused('classes', join(folder, 'none'))).toMatchObject({
    record: { code: 'file-missing', why: expect.stringContaining('EuroSAT') },
  })
  for (const text of ['', '[1]', '["a"'])
    expect(refused('classes', file('bad', text))).toMatchObject({ record: { code: 'data-invalid' } })
  expect(refused('templates', file('t', 'a photo'))).toMatchObject({
    record: { code: 'data-invalid', why: expect.stringContaining('"a photo"') },
  })
})

test("the field's data sets have as many names as classes, each once", () => {
  const counts = {
    Cars: 196,
    SUN397: 397,
    Caltech101: 101,
    PascalVOC: 20,
    CIFAR100: 100,
    DTD: 47,
    Flowers102: 102,
    Food101: 101,
    GTSRB: 43,
  }
  for (const [name, count] of Object.entries({
    ...counts,
    ImageNet: 1000,
    OxfordIIITPet: 37,
    RESISC45: 45,
    Country211: 211,
  })) {
    const { texts } = readPrompts(resources, 'classes', name)
    expect([name, texts.length]).toEqual([name, count])
    expect(texts.filter((text) => text !== text.trim() || /_| {2}/.test(text))).toEqual([])
    if (name !== 'ImageNet') expect(new Set(texts).size).toBe(count) // there two classes share a name, twice
    expect(readPrompts(resources, 'templates', name).texts.length).toBeGreaterThan(0)
  }
  expect(readPrompts(resources, 'classes', 'cars').texts.slice(0, 2)).toEqual([
    'AM General Hummer SUV 2000',
    'Acura RL Sedan 2012',
  ])
  const sun = readPrompts(resources, 'classes', 'sun397').texts
  expect([sun[0], sun.indexOf('jail cell'), sun.indexOf('jail indoor'), sun[396]]).toEqual([
    'abbey',
    206,
    207,
    'youth hostel',
  ])
  expect(readPrompts(resources, 'classes', 'caltech101').texts.slice(0, 4)).toEqual([
    'off-center face',
    'centered face',
    'leopard',
    'motorbike',
  ])
})
