// Arithmetic on models of any architecture, written: each tensor in the pre-trained model's own type, rounded once;
// what is not finite and equal everywhere, and what Basil has no numbers for, kept byte for byte; what does not fit
// told by the files' names before anything is written.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { inspectionLines } from '../../src-main/cli/print.ts'
import { formSchema } from '../../src-main/contract/checkpoint.ts'
import type { FloatingDtype } from '../../src-main/engine/formats/dtype.ts'
import { compatibilityOf } from '../../src-main/engine/measures/compatibility.ts'
import { differenceOf } from '../../src-main/engine/measures/difference.ts'
import { openSource } from '../../src-main/files/source.ts'
import { convert } from '../../src-main/worker/convert.ts'
import { inspect, look } from '../../src-main/worker/inspect.ts'
import { merging } from '../../src-main/worker/rebuild.ts'
import { resultOf } from '../engine/measures/memory.ts'
import { contentOf, folder, type Given, merged, numbers, raw, refused, saved, tensor } from './halfway.ts'
import { halfwayOf } from './recipes.ts'

const floating = ['F64', 'F32', 'F16', 'BF16', 'F8_E4M3', 'F8_E5M2', 'F8_E4M3FNUZ', 'F8_E5M2FNUZ'] as const

test("every tensor is written in the pre-trained model's type, its merged numbers rounded once; asked for float32, they are kept", async () => {
  const base = Object.fromEntries(floating.map((dtype) => [dtype, tensor(dtype, 1, -2, 0.25)]))
  const tuned = Object.fromEntries(floating.map((dtype) => [dtype, tensor(dtype, 1.25, -2, 0.28125)]))
  const expected = (dtype: FloatingDtype): number[] => {
    const [b, t] = [numbers(base[dtype]), numbers(tuned[dtype])]
    return b.map((x, i) => x + 0.5 * ((t[i] as number) - x))
  }
  const { out, exported } = await merged(base, tuned)
  const found = await contentOf(out)
  for (const dtype of floating) expect(found[dtype], dtype).toEqual(tensor(dtype, ...expected(dtype)))
  expect(numbers(found.F8_E5M2)).toEqual([1, -2, 0.25]) // 1.125 lies half way between 1 and 1.25: the even one
  expect(exported.rounded?.toSorted()).toEqual(floating.filter((dtype) => !/F64|F32/.test(dtype)).toSorted())
  expect((await look(out)).metadata['basil.rounded']?.split(' ').toSorted()).toEqual(exported.rounded?.toSorted())
  const wide = await merged(base, tuned, { dtype: 'float32' })
  expect(wide.exported.rounded).toEqual([])
  for (const dtype of floating)
    expect((await contentOf(wide.out))[dtype], dtype).toEqual(tensor('F32', ...expected(dtype)))
})

test('a sum that the type cannot hold is refused with the types that can', async () => {
  expect(await refused({ w: tensor('F8_E4M3', 448) }, { w: tensor('F32', 1000) })).toMatchObject({
    code: 'not-finite',
    where: 'w',
    why: '724 would become NaN',
    next: 'write it as float16, bfloat16 or float32',
  })
})

const inf = Number.POSITIVE_INFINITY
test.each<[string, Given[string]]>([
  ['float32', tensor('F32', 0, -inf, 0.1)],
  ['float64, with a number that float32 has not', tensor('F64', 0, -inf, 0.1)],
  ['float16', tensor('F16', 0, -inf, inf)],
  ['bfloat16, NaN with a payload', raw('BF16', 0x81, 0x7f, 0x80, 0xff)],
  ['float32, NaN with a payload', raw('F32', 0x01, 0x00, 0xa0, 0x7f)],
  ['float8', raw('F8_E5M2', 0xfc, 0x7c, 0x7f)],
])('a mask that is not finite and equal in both is kept byte for byte: %s', async (_, mask) => {
  const { out } = await merged({ w: tensor('F32', 1), mask }, { w: tensor('F32', 2), mask })
  const found = await contentOf(out)
  expect(found.mask).toEqual(mask)
  expect(numbers(found.w)).toEqual([1.5])
  const [base, tuned] = [join(folder, 'base.safetensors'), join(folder, 'tuned.safetensors')]
  const { findings, vectors } = await resultOf(compatibilityOf(base, [tuned], openSource))
  expect(findings.map(({ level, what }) => [level, what])).toContainEqual([
    'note',
    'A tensor is not finite and equal in all of the models: mask',
  ])
  expect(findings.filter(({ level }) => level === 'error')).toEqual([])
  expect(vectors).toMatchObject([{ norm: 1, relative: 1 }])
})

test('what is not finite and not equal is refused by its value, whichever it is', async () => {
  for (const [value, told] of [
    [-inf, '-Infinity'],
    [Number.NaN, 'NaN'],
  ] as const) {
    const [base, tuned] = [{ w: tensor('F32', 1, 2) }, { w: tensor('F32', 1, value) }]
    expect(await refused(base, tuned)).toMatchObject({
      code: 'tensor-not-finite',
      where: 'tuned.safetensors: w',
      why: `element 1 is ${told}`,
    })
    const paths = [join(folder, 'base.safetensors'), join(folder, 'tuned.safetensors')] as const
    const { findings } = await resultOf(compatibilityOf(paths[0], [paths[1]], openSource))
    expect(findings[0]).toMatchObject({
      level: 'error',
      file: paths[1],
      why: expect.stringContaining(`its first one is ${told},`),
    })
    expect(findings[0]?.why).not.toMatch(told === 'NaN' ? /Infinity/ : /NaN/)
  }
  expect(await refused({ w: tensor('F32', -inf, 1) }, { w: tensor('F32', -inf, 2) })).toMatchObject({
    where: 'base.safetensors: w',
  })
})

test('a file with types that Basil has no numbers for is listed whole, named as that, and converted byte for byte', async () => {
  const odd: Given = {
    'a.weight': { dtype: 'F4', shape: [2, 8], bytes: Uint8Array.from({ length: 8 }, (_, i) => 16 * i + i) },
    'a.scale': raw('F8_E8M0', 127, 128),
    'c.weight': { dtype: 'F6_E3M2', shape: [4], bytes: Uint8Array.of(1, 2, 3) },
    'd.weight': { dtype: 'F6_E2M3', shape: [4], bytes: Uint8Array.of(4, 5, 6) },
    freqs_cis: raw('C64', ...Array.from({ length: 16 }, (_, i) => i)),
    'b.weight': tensor('F32', 1, 2),
  }
  const path = await saved('odd', odd)
  const found = await inspect(path)
  expect(found.tensors).toEqual(
    expect.arrayContaining(Object.entries(odd).map(([name, { dtype, shape }]) => ({ name, dtype, shape }))),
  )
  expect(found).toMatchObject({ dtype: 'F32', parameters: 2, nonFinite: 0 })
  const told = inspectionLines(found).find((line) => /does not compute with/.test(line))
  expect(told).toMatch(/^ {2}5 of types that Basil lists and copies, but does not compute with: /)
  for (const type of ['F4', 'F8_E8M0', 'F6_E3M2', 'F6_E2M3', 'C64']) expect(told).toContain(type)
  const out = join(folder, 'converted.safetensors')
  await resultOf(convert({ file: path, out, overwrite: true, form: formSchema.parse({ dtype: 'float16' }) }))
  expect(await contentOf(out)).toEqual({ ...odd, 'b.weight': tensor('F16', 1, 2) })
  const { tensors } = await resultOf(
    differenceOf(path, await saved('other', { ...odd, freqs_cis: raw('C64', ...new Array(8).fill(9)) }), openSource),
  )
  expect(tensors.filter(({ distance }) => distance === null).map(({ name }) => name)).toEqual(['freqs_cis'])
  expect(tensors.find(({ name }) => name === 'a.weight')).toMatchObject({ distance: 0, normA: null })
})

test('tensors without numbers are kept where they are equal, and else refused by their type', async () => {
  const freqs = raw('C64', 0, 0, 128, 63, 0, 0, 0, 0)
  const { out } = await merged({ w: tensor('F32', 1), freqs }, { w: tensor('F32', 2), freqs })
  expect(await contentOf(out)).toMatchObject({ w: tensor('F32', 1.5), freqs })
  expect(
    await refused({ w: tensor('F32', 1), freqs }, { w: tensor('F32', 2), freqs: raw('C64', ...new Array(8).fill(1)) }),
  ).toMatchObject({
    code: 'buffers-differ',
    what: 'tuned.safetensors and base.safetensors differ in a tensor of the type C64',
    where: 'tuned.safetensors: freqs',
  })
  expect(await refused({ w: tensor('F32', 1, 2) }, { w: { ...raw('F4', 0x11), shape: [2] } })).toMatchObject({
    code: 'tensor-dtype',
    what: 'tuned.safetensors has the tensor w in a type that Basil does not compute with',
    why: 'it is stored as F4',
  })
})

test('float8 weights under one scale are merged; under two they are refused', async () => {
  const weights = (scale: number, ...values: number[]): Given => ({
    'a.weight': tensor('F8_E4M3', ...values),
    'a.weight_scale': tensor('F32', scale),
  })
  expect(await contentOf((await merged(weights(0.5, 1, 2), weights(0.5, 3, 2))).out)).toEqual(weights(0.5, 2, 2))
  expect(await refused(weights(0.5, 1), weights(0.25, 1))).toMatchObject({
    code: 'not-supported',
    what: expect.stringContaining('float8 weights under different scales'),
    where: 'tuned.safetensors: a.weight_scale',
  })
  expect((await refused(weights(0.5, 1), { 'a.weight': tensor('F8_E4M3', 1) })).where).toBe(
    'tuned.safetensors: a.weight_scale',
  )
})

const embed = (...values: number[]): Given => ({
  'model.embed.weight': tensor('F32', ...values),
  'model.temp': tensor('F32', 1),
})
test.each<[string, Given, RegExp, RegExp]>([
  [
    'a tensor more',
    { ...embed(1, 2), 'lm_head.weight': tensor('F32', 1) },
    /tuned.safetensors has the tensor lm_head.weight, which base.safetensors lacks/,
    /tied/,
  ],
  [
    'a tensor less',
    { 'model.embed.weight': tensor('F32', 1, 2) },
    /tuned.safetensors lacks the tensor model.temp, which base.safetensors has/,
    /same tensors/,
  ],
  [
    'another vocabulary',
    embed(1, 2, 3),
    /tuned.safetensors has the tensor model.embed.weight in another shape than base.safetensors.*\[3\], \[2\] is needed/,
    /vocabularies/,
  ],
])('a fine-tuned model with %s: which file lacks what', async (_, tuned, told, next) => {
  const record = await refused(embed(1, 2), tuned)
  expect(`${record.what}: ${record.why}`).toMatch(told)
  expect(record.next).toMatch(next)
})

test('files of one name are told apart by their folders', async () => {
  const place = async (of: string, given: Given): Promise<string> => {
    mkdirSync(join(folder, of), { recursive: true })
    return saved(join(of, 'model'), given)
  }
  const told = async (base: Given, tuned: Given): Promise<string | undefined> => {
    const pretrained = await place('base', base)
    const { findings } = await resultOf(compatibilityOf(pretrained, [await place('tuned', tuned)], openSource))
    return findings[0]?.what
  }
  const more = { ...embed(1, 2), 'lm_head.weight': tensor('F32', 1) }
  expect(await told(embed(1, 2), more)).toBe(
    'tuned/model.safetensors has the tensor lm_head.weight, which base/model.safetensors lacks',
  )
  expect(await told(more, embed(1, 2))).toBe(
    'tuned/model.safetensors lacks the tensor lm_head.weight, which base/model.safetensors has',
  )
  const buffer = (value: number): Given => ({ ...embed(1, 2), ids: raw('U8', value) })
  expect(await told(buffer(1), buffer(2))).toBe(
    'tuned/model.safetensors and base/model.safetensors differ in an integer buffer',
  )
  const scaled = (by: number): Given => ({ 'a.weight': tensor('F8_E4M3', 1), 'a.weight_scale': tensor('F32', by) })
  expect(await told(scaled(1), scaled(2))).toMatch(
    /^tuned\/model.safetensors and base\/model.safetensors hold float8 weights/,
  )
})

test('thirty thousand tensors are merged by name', async () => {
  const many = (add: number): Given =>
    Object.fromEntries(Array.from({ length: 30_000 }, (_, i) => [`layers.${i}.weight`, tensor('F32', i, i + add)]))
  const { out, exported } = await merged(many(0), many(1))
  expect(exported.tensors).toBe(30_000)
  expect(numbers((await contentOf(out))['layers.29999.weight'])).toEqual([29_999, 29_999.5])
})

test('what is merged tells how far it is to its last byte, as a file and as a folder of shards', async () => {
  const [base, tuned] = [
    { w: tensor('F32', 1, 2), v: tensor('F32', 3) },
    { w: tensor('F32', 2, 3), v: tensor('F32', 5) },
  ]
  const recipe = await halfwayOf(await saved('base', base), await saved('tuned', tuned))
  for (const shardBytes of [undefined, 4]) {
    const out = join(folder, shardBytes === undefined ? 'told.safetensors' : 'told')
    const told: number[] = []
    const events = merging({ recipe, out, overwrite: false, form: { ...formSchema.parse({}), shardBytes } })
    async function* heard() {
      for await (const event of events) {
        if (event.type === 'progress') told.push(event.done / event.total)
        yield event
      }
    }
    expect(await resultOf(heard())).toMatchObject({ tensors: 2 })
    expect(told.at(-1)).toBe(1)
  }
})
