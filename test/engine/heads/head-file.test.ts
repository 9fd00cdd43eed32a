// Heads as they lie about: pickled by the field's programs, in tensor files of ours, with or without a name behind "#".
// What is read gives PyTorch's own logits; what is no head is refused, by its place and with what to do.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { BasilError } from '../../../src-main/contract/errors.ts'
import type { TensorToWrite } from '../../../src-main/engine/formats/safetensors-writer.ts'
import { describeHead, type ReadAs, readHead, readHeadAs } from '../../../src-main/engine/heads/head-file.ts'
import { applyHead, type Head } from '../../../src-main/engine/problems/head.ts'
import { openSource } from '../../../src-main/files/source.ts'
import { sourceOf, written } from '../formats/bytes.ts'

const golden = join(import.meta.dirname, '../../golden')
const expected = JSON.parse(readFileSync(join(golden, 'heads/expected.json'), 'utf8'))
const [classes, embed] = [5, 8]
const rawProbe: ReadAs = { as: 'probe', features: 'raw' }

/** Log-probabilities of the one feature, which do not see a constant added to all logits. */
function logProbabilities(head: Head): number[] {
  const found: number[] = []
  const keep = (given: Float64Array): number => 0 * found.push(...given)
  const objective = { name: 'cross-entropy', loss: keep } as const
  applyHead(head, objective, Float64Array.from(expected.feature), 0, Int32Array.of(0), 1)
  return found
}

function closeToLogits(head: Head, logits: number[]): void {
  const largest = Math.max(...logits)
  const normaliser = largest + Math.log(logits.reduce((sum, l) => sum + Math.exp(l - largest), 0))
  const size = Math.max(...logits.map(Math.abs))
  logProbabilities(head).forEach((l, c) => {
    expect(Math.abs(l - ((logits[c] as number) - normaliser)) / size).toBeLessThan(1e-6)
  })
}

test.each(['head_CarsVal.pt', 'head_MNISTVal.pt', 'head_DTDVal.pt'])(
  '%s has unit rows, and the logits PyTorch gives',
  async (name) => {
    const path = join(golden, 'heads', name)
    for (const given of [path, `${path}#weight`]) {
      const head = await readHead(given, openSource)
      expect(head).toMatchObject({ classes, embed, scale: 100, normalised: true, bias: null })
      head.weights.forEach((w, i) => {
        expect(Math.abs(w - expected[name].rows[i])).toBeLessThan(1e-7)
      })
      closeToLogits(head, expected[name].logits)
      expect(await describeHead(given, openSource)).toEqual({ classes, embed })
    }
  },
)

test('a trained layer is refused as what it looks like, and read as a probe where somebody says so', async () => {
  for (const path of [join(golden, 'heads/head_probe.pt'), join(golden, 'formats/checkpoints/head.pt')]) {
    await expect(readHead(path, openSource)).rejects.toMatchObject({
      record: {
        code: 'data-invalid',
        why: expect.stringContaining('linear probe'),
        next: expect.stringContaining('--as probe'),
      },
    })
    const { head, kind } = await readHeadAs(path, openSource, rawProbe)
    expect({ ...head, kind }).toMatchObject({ classes, embed, scale: 1, normalised: false, kind: 'linear probe' })
  }
  const { head } = await readHeadAs(join(golden, 'heads/head_probe.pt'), openSource, rawProbe)
  expect([...head.weights]).toEqual(expected['head_probe.pt'].rows)
  closeToLogits(head, expected['head_probe.pt'].logits)
})

type Change = Partial<TensorToWrite> & { values?: Float32Array }
const unit = Float32Array.of(1, 0, 0, 0.6, 0.8, 0)
const headOf = ({ values = unit, ...change }: Change = {}) => ({
  ...{ name: 'head.a', dtype: 'F32' as const, shape: [2, 3], ...change },
  bytes: new Uint8Array(values.buffer),
})

async function inMemory(tensors: ReturnType<typeof headOf>[], path: string, record?: unknown): Promise<Head> {
  const metadata: Record<string, string> =
    record === undefined ? {} : { 'basil.head': typeof record === 'string' ? record : JSON.stringify(record) }
  const bytes = await written(tensors, metadata)
  return readHead(path, async (name) => sourceOf(bytes, name))
}

test('rows of another common length keep it as the scale, and a file of ours is believed', async () => {
  const long = unit.map((w) => 40 * w)
  const head = await inMemory([headOf({ values: long })], 'h.safetensors#head.a')
  expect(head.scale).toBeCloseTo(40, 5)
  head.weights.forEach((w, i) => {
    expect(w).toBeCloseTo(unit[i] as number, 6)
  })
  const bias = { ...headOf({ name: 'head.a.bias', shape: [2], values: Float32Array.of(1, 2) }) }
  const record = { name: 'a', kind: 'linear probe', scale: 3, normalised: false }
  const probe = await inMemory([headOf({ values: long }), bias], 'h.safetensors', [{ name: 'b' }, record])
  expect(probe).toMatchObject({ scale: 3, normalised: false, weights: long, bias: Float32Array.of(1, 2) })
})

test.each<[string, string, ReturnType<typeof headOf>[], string, unknown?]>([
  ['a row of zeros', 'data-invalid', [headOf({ values: Float32Array.of(0, 0, 0, 0.6, 0.8, 0) })], '#head.a'],
  ['only rows of zeros', 'data-invalid', [headOf({ values: new Float32Array(6) })], '#head.a'],
  [
    'a row that is not finite',
    'tensor-not-finite',
    [headOf({ values: Float32Array.of(1, 0, 0, Number.NaN, 0.8, 0) })],
    '#head.a',
  ],
  ['integers', 'data-invalid', [headOf({ dtype: 'I32' })], '#head.a'],
  ['one row of numbers', 'data-invalid', [headOf({ shape: [6] })], '#head.a'],
  ['no classes', 'data-invalid', [headOf({ shape: [0, 3], values: new Float32Array() })], '#head.a'],
  ['a bias of other length', 'data-invalid', [headOf(), headOf({ name: 'head.a.bias', shape: [6] })], '#head.a'],
  ['another name', 'tensor-missing', [headOf()], '#head.b'],
  ['no head at all', 'tensor-missing', [headOf({ name: 'images.a' })], ''],
  ['two heads and no name', 'data-invalid', [headOf(), headOf({ name: 'head.b' })], ''],
  ['metadata that is no JSON', 'data-invalid', [headOf()], '#head.a', '{'],
  ['metadata that is no record', 'data-invalid', [headOf()], '#head.a', { name: 'a', scale: -1 }],
])('%s: refused as %s', async (_, code, tensors, key, record) => {
  await expect(inMemory(tensors, `h.safetensors${key}`, record)).rejects.toMatchObject({
    record: { code, where: expect.stringContaining('h.safetensors') },
  })
})

test('every hostile file is refused as a head, with its name and a reason', async () => {
  const folder = join(golden, 'formats/hostile')
  for (const name of readdirSync(folder)) {
    const refused = await readHead(join(folder, name), openSource).catch((error: unknown) => error)
    expect(refused, name).toBeInstanceOf(BasilError)
    expect((refused as BasilError).record.where, name).toContain(name)
  }
})
