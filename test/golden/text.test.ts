// Tokenizer, text tower and zero-shot head against open_clip's numbers (test/golden/text), on every backend this
// machine has.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type Backend, openBackend } from '../../src-main/engine/devices/backend.ts'
import { toFloat32, toInt32 } from '../../src-main/engine/formats/dtype.ts'
import { openTensorFile } from '../../src-main/engine/formats/open.ts'
import { zeroShotHead } from '../../src-main/engine/heads/zero-shot.ts'
import { loadTextTower, type TextTower } from '../../src-main/engine/models/text/text-tower.ts'
import { createTokenizer } from '../../src-main/engine/models/text/tokenizer.ts'
import { openSource } from '../../src-main/files/source.ts'
import { backendsHere } from './backends.ts'
import { relativeError } from './fixture.ts'

const folder = join(import.meta.dirname, 'text')
const { lines, classes, templates, config } = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8'))
const list = readFileSync(join(import.meta.dirname, '../../resources/text/bpe_simple_vocab_16e6.txt.gz'))
const tokenizer = createTokenizer(gunzipSync(list).toString())

async function expectedBytes(name: string): Promise<Uint8Array> {
  const source = await openSource(join(folder, 'expected.safetensors'))
  const bytes = await (await openTensorFile(source)).read(name)
  await source.close()
  return bytes
}

test("every token of the golden lines is open_clip's", async () => {
  const ids = toInt32(await expectedBytes('ids'), 'I32') // (lines, 77), zeros behind the end
  lines.forEach((line: string, i: number) => {
    const padded = Array.from({ length: 77 }, (_, t) => tokenizer.encode(line)[t] ?? 0)
    expect(padded).toEqual([...ids.subarray(i * 77, (i + 1) * 77)])
  })
})

test.each(JSON.parse(readFileSync(join(folder, 'tokens.json'), 'utf8')) as { text: string; ids: number[] }[])(
  'tokens of $text',
  ({ text, ids }) => {
    expect(tokenizer.encode(text)).toEqual(ids)
  },
)

describe.each(await backendsHere())('on %s', (prefer) => {
  let backend: Backend
  let tower: TextTower
  beforeAll(async () => {
    backend = await openBackend({ prefer })
    const source = await openSource(join(folder, 'text-tower.safetensors'))
    tower = await loadTextTower(backend.ops, await openTensorFile(source))
    await source.close()
  })
  afterAll(() => {
    tower.dispose()
    expect(backend.memory().tensors).toBe(0)
    backend.close()
  })

  const normalised = (features: Float32Array): number[] => {
    const { embed } = tower.architecture
    const rows = Array.from({ length: features.length / embed }, (_, n) =>
      features.subarray(n * embed, (n + 1) * embed),
    )
    return rows.flatMap((row) => [...row].map((value) => value / Math.hypot(...row)))
  }

  async function headOf(names: string[]): Promise<Float32Array> {
    const making = zeroShotHead(tower, tokenizer, names, templates)
    for (;;) {
      const { done, value } = await making.next()
      if (done) return value
    }
  }

  test('reads the architecture off the shapes', () => {
    const { width, heads, layers, contextLength: context, embedDim: embed } = config
    const assumed = { heads, activation: 'quick-gelu', layerNormEps: 1e-5, endOfText: 49407 }
    expect(tower.architecture).toEqual({ prefix: '', width, mlp: 4 * width, layers, context, embed, ...assumed })
  })

  test("embeddings are open_clip's within 1e-5, alone as in a batch, and leave nothing behind", async () => {
    const want = toFloat32(await expectedBytes('embeddings'), 'F32')
    const before = backend.memory().tensors
    const texts = lines.map((line: string) => tokenizer.encode(line))
    expect(relativeError(normalised(await tower.encode(texts)), want)).toBeLessThan(1e-5)
    const alone: number[] = []
    for (const text of texts) alone.push(...normalised(await tower.encode([text])))
    expect(relativeError(alone, want)).toBeLessThan(1e-5)
    expect(backend.memory().tensors).toBe(before)
  })

  test("the head averaged over templates is open_clip's within 1e-5, its rows units", async () => {
    const head = await headOf(classes)
    expect(relativeError(head, toFloat32(await expectedBytes('head'), 'F32'))).toBeLessThan(1e-5)
  })

  test('a head of more texts than one batch holds is the same, class by class, and says how far it is', async () => {
    const many = Array.from({ length: 40 }, (_, c) => `kind ${c}`)
    const whole = await headOf(many)
    const last = await headOf(many.slice(-1))
    expect(relativeError(whole.subarray(-last.length), last)).toBeLessThan(1e-5)
    const told: number[][] = []
    for await (const { done, total } of zeroShotHead(tower, tokenizer, many, templates)) told.push([done, total])
    expect(told).toEqual([
      [64, 120],
      [120, 120],
    ])
  })
})
