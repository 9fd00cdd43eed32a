// Text without the oracle: what cleaning leaves out, where texts are cut, which checkpoints are refused and how, and
// the lists that come with the program. Exact tokens and features are in golden/text.test.ts.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type Backend, openBackend } from '../../../../src-main/engine/devices/backend.ts'
import { openTensorFile } from '../../../../src-main/engine/formats/open.ts'
import type { TensorToWrite } from '../../../../src-main/engine/formats/safetensors-writer.ts'
import { zeroShotHead } from '../../../../src-main/engine/heads/zero-shot.ts'
import { layerNames } from '../../../../src-main/engine/layouts/clip-names.ts'
import { cleaned } from '../../../../src-main/engine/models/text/clean.ts'
import { loadTextTower, type TextTower } from '../../../../src-main/engine/models/text/text-tower.ts'
import { createTokenizer } from '../../../../src-main/engine/models/text/tokenizer.ts'
import { backendsHere } from '../../../golden/backends.ts'
import { stream } from '../../devices/reference.ts'
import { sourceOf, written } from '../../formats/bytes.ts'

const resources = join(import.meta.dirname, '../../../../resources/text')
const list = gunzipSync(readFileSync(join(resources, 'bpe_simple_vocab_16e6.txt.gz'))).toString()
const tokenizer = createTokenizer(list)
const [start, end] = [49_406, 49_407]

test.each([
  ['  Two\twords\n', 'two words'],
  ['R&amp;amp;D', 'r&d'],
  ['&lt;b&gt; &eacute; &#x92; &copy 1', "<b> é ' © 1"],
  ['&notin; &HilbertSpace; &;', '&notin; &hilbertspace; &;'], // HTML's rarer names are left as they are
  ['“ﬁne” ｗｉｄｅ', '"fine" wide'],
])('%j is cleaned to %j', (text, want) => {
  expect(cleaned(text)).toBe(want)
})

test('a text longer than there is room for is cut, and still ends', () => {
  const ids = tokenizer.encode('cat '.repeat(100))
  expect(ids).toHaveLength(77)
  expect([ids[0], ids[76]]).toEqual([start, end])
  expect(new Set(ids.slice(1, 76)).size).toBe(1)
  expect(tokenizer.encode('cat '.repeat(75))).toHaveLength(77) // fits to the last token
  expect(tokenizer.encode('cat cat cat', 4)).toEqual([start, ids[1], ids[1], end])
  expect(tokenizer.encode('')).toEqual([start, end])
})

test('a list of merges that is cut short is refused', () => {
  expect(() => createTokenizer(list.slice(0, 1000))).toThrow(/merges/)
})

test('the templates of 22 data sets, each with a place for the name; class names have templates', () => {
  const read = (name: string) =>
    JSON.parse(readFileSync(join(resources, `${name}.json`), 'utf8')) as Record<string, string[]>
  const templates = read('templates')
  expect(Object.keys(templates)).toHaveLength(22)
  for (const texts of Object.values(templates)) for (const text of texts) expect(text.split('{}')).toHaveLength(2)
  const counts = Object.fromEntries(Object.entries(read('classes')).map(([name, texts]) => [name, texts.length]))
  expect(counts).toEqual({
    ...{
      CIFAR10: 10,
      CIFAR100: 100,
      Caltech101: 101,
      Cars: 196,
      Country211: 211,
      DTD: 47,
      EuroSAT: 10,
      Flowers102: 102,
      Food101: 101,
      GTSRB: 43,
    },
    ...{ ImageNet: 1000, MNIST: 10, OxfordIIITPet: 37, PascalVOC: 20, RESISC45: 45, STL10: 10, SUN397: 397, SVHN: 10 },
  })
  for (const name of Object.keys(counts)) expect(templates[name]).toBeDefined()
})

describe.each(await backendsHere())('on %s', (prefer) => {
  let backend: Backend
  beforeAll(async () => {
    backend = await openBackend({ prefer })
  })
  afterAll(() => backend.close())

  type Tensor = TensorToWrite & { bytes: Uint8Array }

  /** A tower of width 8 and 2 layers with room for 6 tokens, its tensors changed by `change`. */
  async function tower(change: (tensors: Tensor[]) => Tensor[] = (same) => same): Promise<TextTower> {
    const draw = stream(2)
    const shapes: [string, number[]][] = [
      ['token_embedding.weight', [49_408, 8]],
      ['positional_embedding', [6, 8]],
      ...[0, 1].flatMap((i) => layerNames(i, 8, 32)),
      ['ln_final.weight', [8]],
      ['ln_final.bias', [8]],
      ['text_projection', [8, 4]],
    ]
    const tensors = shapes.map(([name, shape]): Tensor => {
      const values = Float32Array.from(draw(shape.reduce((a, b) => a * b, 1)))
      return { name, shape, dtype: 'F32', bytes: new Uint8Array(values.buffer) }
    })
    return loadTextTower(backend.ops, await openTensorFile(sourceOf(await written(change(tensors)))))
  }

  test('a text gives the same feature beside longer ones, and what stands behind its end is not read', async () => {
    const made = await tower()
    const text = [start, 320, end]
    const alone = await made.encode([text])
    const beside = await made.encode([[start, 1, 2, 3, 4, end], [...text, 7, end], text])
    for (const row of [beside.subarray(4, 8), beside.subarray(8)])
      row.forEach((v, e) => expect(v).toBeCloseTo(alone[e] as number, 5))
    made.dispose()
    expect(backend.memory().tensors).toBe(0)
  })

  test.each(['model.', 'text.', 'model.text.'])('names may stand behind "%s"', async (prefix) => {
    const [plain, named] = [
      await tower(),
      await tower((tensors) => tensors.map((t) => ({ ...t, name: prefix + t.name }))),
    ]
    expect(named.architecture).toEqual({ ...plain.architecture, prefix })
    expect(await named.encode([[start, 5, end]])).toEqual(await plain.encode([[start, 5, end]]))
    for (const made of [plain, named]) made.dispose()
  })

  const without = (name: string) => (tensors: Tensor[]) => tensors.filter((t) => t.name !== name)
  const spoiled = (name: string) => (tensors: Tensor[]) => {
    const bytes = tensors.find((t) => t.name === name)?.bytes as Uint8Array
    new DataView(bytes.buffer).setFloat32(4, Number.NaN, true)
    return tensors
  }
  const withoutLayers = (tensors: Tensor[]) => tensors.filter((t) => !t.name.includes('resblocks'))

  test.each([
    ['is an image tower alone', without('token_embedding.weight'), 'tensor-missing', 'memory.safetensors'],
    ['lacks a bias', without('ln_final.bias'), 'tensor-missing', 'ln_final.bias'],
    ['lacks its layers', withoutLayers, 'tensor-missing', 'transformer.resblocks.0.ln_1.weight'],
    ['has another vocabulary', shrunken, 'tensor-shape', 'token_embedding.weight'],
    ['has a NaN among its last weights', spoiled('text_projection'), 'tensor-not-finite', 'text_projection'],
  ])('a checkpoint that %s is refused by name, and leaves nothing on the device', async (_, change, code, where) => {
    await expect(tower(change)).rejects.toMatchObject({ record: { code, where: expect.stringContaining(where) } })
    expect(backend.memory().tensors).toBe(0)
  })

  test('a token whose embedding is NaN is told when it is read; a head of zeros, by its class', async () => {
    const nan = await tower(spoiled('token_embedding.weight')) // row 0
    expect((await nan.encode([[start, 1, end]])).every(Number.isFinite)).toBe(true)
    await expect(nan.encode([[start, 0, end]])).rejects.toThrow(/row 0 is NaN/)
    nan.dispose()
    const flat = await tower((tensors) =>
      tensors.map((t) => (t.name === 'text_projection' ? { ...t, bytes: new Uint8Array(t.bytes.length) } : t)),
    )
    const making = zeroShotHead(flat, tokenizer, ['cat'], ['{}'])
    await making.next() // one text
    await expect(making.next()).rejects.toThrow(/not a finite number \(cat\)/)
    flat.dispose()
    expect(backend.memory().tensors).toBe(0)
  })

  function shrunken(tensors: Tensor[]): Tensor[] {
    return tensors.map((t) =>
      t.name === 'token_embedding.weight' ? { ...t, shape: [100, 8], bytes: t.bytes.slice(0, 3200) } : t,
    )
  }
})
