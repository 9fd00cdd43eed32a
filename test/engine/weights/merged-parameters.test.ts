// The merge reads and adds up slices; what it gives is the formula's value, element by element and to the last bit,
// wherever slices begin, in whatever type a checkpoint is stored, and what is wrong in a file is told by the file's
// name.
import { expect, test } from 'vitest'

import { toFloat16, toFloat32, widenInPlace } from '../../../src-main/engine/formats/dtype.ts'
import { towerParameters } from '../../../src-main/engine/layouts/clip-names.ts'
import { groupsOf, mergedParameters } from '../../../src-main/engine/weights/merge.ts'
import { mergedFile } from '../../../src-main/engine/weights/merged-file.ts'
import { openParents, type Parents } from '../../../src-main/engine/weights/parents.ts'
import type { Table } from '../../../src-main/numbers/table.ts'
import { sourceOf, written } from '../formats/bytes.ts'

// c_fc has 384 * 1536 elements: four slices and a half.
const architecture = { imageSize: 8, patchSize: 4, width: 384, layers: 1, mlp: 1536, embed: 8, tokens: 5 }
const parameters = towerParameters(architecture)
const wide = 'transformer.resblocks.0.mlp.c_fc.weight'

type Values = Map<string, Float32Array>
const names = ['base', 'a', 'b', 'c'] as const

/** Different numbers for every file, tensor and element; exact in float16, so that every type holds the same. */
function valuesOf(file: number): Values {
  return new Map(
    [...parameters].map(([name, shape], t) => {
      const size = shape.reduce((a, b) => a * b, 1)
      return [name, Float32Array.from({ length: size }, (_, i) => (((i * 7 + t * 13 + file * 101) % 997) - 498) / 512)]
    }),
  )
}

async function opened(checkpoints: readonly Values[]): Promise<Parents> {
  const files = new Map<string, Uint8Array>()
  for (const [k, values] of checkpoints.entries()) {
    const dtype = k === 2 ? 'F16' : 'F32'
    const tensors = [...values].map(([name, v]) => {
      const stored = dtype === 'F16' ? toFloat16(v) : v
      return { name, dtype, shape: parameters.get(name) as number[], bytes: new Uint8Array(stored.buffer) } as const
    })
    files.set(names[k] as string, await written(tensors))
  }
  return openParents('base', [...names.slice(1)], async (path) => sourceOf(files.get(path) as Uint8Array, path))
}

const all = [0, 1, 2, 3].map(valuesOf)
const table: Table = [0.3, 0, -1.7].map((c) => Float64Array.of(c))

test('every element is the formula in float64, rounded once', async () => {
  const parents = await opened(all)
  let seen = 0
  for await (const { name, values, base } of mergedParameters(parents, groupsOf(parents, 'scalar'), table)) {
    const [still, a, , c] = all.map((v) => v.get(name) as Float32Array) as [
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
    ]
    const expected = still.map((b, i) => Math.fround(b + 0.3 * ((a[i] as number) - b) + -1.7 * ((c[i] as number) - b)))
    expect(Buffer.compare(Buffer.from(expected.buffer), Buffer.from(values.slice().buffer)), name).toBe(0)
    expect(Buffer.compare(Buffer.from(still.buffer), Buffer.from(base.slice().buffer)), name).toBe(0)
    seen += 1
  }
  expect(seen).toBe(parameters.size)
})

test('half precision is widened slice by slice', async () => {
  const parents = await opened(all)
  const only: Table = [0, 1, 0].map((c) => Float64Array.of(c))
  for await (const { name, values } of mergedParameters(parents, groupsOf(parents, 'scalar'), only))
    expect(
      Buffer.compare(
        Buffer.from(values.slice().buffer),
        Buffer.from((all[2] as Values).get(name)?.buffer as ArrayBuffer),
      ),
      name,
    ).toBe(0)
  expect(toFloat32(new Uint8Array(toFloat16(Float32Array.of(0.25)).buffer), 'F16')[0]).toBe(0.25)
})

test.each(['F16', 'BF16'] as const)('every %s number widened where it stands is the one toFloat32 gives', (dtype) => {
  const halves = Uint16Array.from({ length: 65536 }, (_, h) => h)
  const values = new Float32Array(65536)
  new Uint16Array(values.buffer, 2 * 65536).set(halves)
  widenInPlace(values, dtype)
  expect(
    Buffer.compare(Buffer.from(values.buffer), Buffer.from(toFloat32(new Uint8Array(halves.buffer), dtype).buffer)),
  ).toBe(0)
})

test.each([Number.NaN, Number.NEGATIVE_INFINITY])(
  'a parent with %s in its fourth slice is named, unless it does not count',
  async (value) => {
    const spoilt = new Map(all[1]).set(wide, (all[1] as Values).get(wide)?.with(450_000, value) as Float32Array)
    const parents = await opened([all[0] as Values, spoilt, all[2] as Values, all[3] as Values])
    const merge = async (c: Table): Promise<void> => {
      for await (const _ of mergedParameters(parents, groupsOf(parents, 'scalar'), c));
    }
    await expect(merge(table)).rejects.toMatchObject({
      record: { code: 'tensor-not-finite', where: `a: ${wide}`, why: `element 450000 is ${value}` },
    })
    await merge([0, 1, 1].map((c) => Float64Array.of(c)))
  },
)

test('finite parents whose sum leaves float32 are told as that', async () => {
  const parents = await opened([all[0], ...all.slice(1)] as Values[])
  const merge = async (): Promise<void> => {
    for await (const _ of mergedParameters(parents, groupsOf(parents, 'scalar'), [
      Float64Array.of(1e39),
      ...table.slice(1),
    ]));
  }
  await expect(merge()).rejects.toMatchObject({ record: { code: 'not-finite', where: 'class_embedding' } })
})

test('as a file it gives the same, in order, in parts taken in turn, backwards and once more', async () => {
  const parents = await opened(all)
  const groups = groupsOf(parents, 'scalar')
  const expected = new Map<string, Buffer>()
  for await (const { name, values } of mergedParameters(parents, groups, table))
    expected.set(`visual.${name}`, Buffer.from(new Uint8Array(values.buffer, values.byteOffset, values.byteLength)))
  const file = mergedFile(parents, groups, table)
  expect([...file.tensors.keys()].slice(0, expected.size)).toEqual([...expected.keys()])
  const same = async (name: string, bytes: Uint8Array): Promise<void> =>
    expect(expected.get(name)?.compare(bytes), name).toBe(0)
  for (const name of expected.keys()) await same(name, await file.read(name))

  // a layer's in_proj as q, k and v with their biases, as Hugging Face has them
  const parts = mergedFile(parents, groups, table)
  const [weight, bias] = ['weight', 'bias'].map((p) => `visual.transformer.resblocks.0.attn.in_proj_${p}`) as [
    string,
    string,
  ]
  for (let part = 0; part < 3; part++)
    for (const name of [weight, bias]) {
      const whole = expected.get(name) as Buffer
      const size = whole.length / 3
      const bytes = await parts.readRange(name, part * size, size)
      expect(whole.subarray(part * size, (part + 1) * size).compare(bytes)).toBe(0)
    }
  for (const name of [...expected.keys()].reverse())
    await same(name, await parts.read(name, new Uint8Array(expected.get(name)?.length ?? 0)))
})
