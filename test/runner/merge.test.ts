// Arithmetic on models of any architecture, written: each tensor in the pre-trained model's own type, rounded once; what is not finite and equal
// everywhere, and what Basil has no numbers for, kept byte for byte; what does not fit told by the files' names before anything is written.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, expect, test } from 'vitest'

import { inspectionLines } from '../../src-main/cli/lines.ts'
import { type Form, formSchema } from '../../src-main/contract/checkpoint.ts'
import type { Exported, Recipe } from '../../src-main/contract/recipe.ts'
import { type Dtype, dtypes, type FloatingDtype, toFloat32 } from '../../src-main/engine/formats/dtype.ts'
import { openTensorFile } from '../../src-main/engine/formats/index.ts'
import { cast } from '../../src-main/engine/formats/writing/in-dtype.ts'
import { compatibilityOf } from '../../src-main/engine/measures/compatibility.ts'
import { differenceOf } from '../../src-main/engine/measures/difference.ts'
import { hashFile, openSource } from '../../src-main/files/source.ts'
import { convert } from '../../src-main/runner/convert.ts'
import { inspect, look } from '../../src-main/runner/inspect.ts'
import { rebuild } from '../../src-main/runner/rebuild.ts'
import { written } from '../engine/bytes.ts'
import { resultOf } from '../engine/measures/memory.ts'

const folder = mkdtempSync(join(tmpdir(), 'basil-merge-'))
afterAll(() => rmSync(folder, { recursive: true }))

type Given = Record<string, { dtype: Dtype; shape: number[]; bytes: Uint8Array }>

const tensor = (dtype: FloatingDtype, ...values: number[]): Given[string] => ({
  dtype,
  shape: [values.length],
  bytes: cast(Float64Array.from(values), dtype, () => ''),
})
const raw = (dtype: Dtype, ...bytes: number[]): Given[string] => ({
  dtype,
  shape: [bytes.length / dtypes[dtype]],
  bytes: Uint8Array.from(bytes),
})

async function saved(name: string, given: Given): Promise<string> {
  const path = join(folder, `${name}.safetensors`)
  writeFileSync(path, await written(Object.entries(given).map(([name, t]) => ({ name, ...t }))))
  return path
}

/** base + 0.5 (tuned - base). */
async function merged(base: Given, tuned: Given, form: Partial<Form> = {}): Promise<{ out: string; exported: Exported }> {
  const parent = async (name: string, given: Given) => {
    const file = await saved(name, given)
    return { file, name: `${name}.safetensors`, sha256: (await hashFile(file)).sha256 }
  }
  const recipe: Recipe = {
    basil: '1',
    run: null,
    name: 'halfway',
    method: 'task-arithmetic',
    grouping: 'scalar',
    iteration: 0,
    epoch: null,
    pretrained: await parent('base', base),
    vectors: [await parent('tuned', tuned)],
    groups: ['all'],
    start: [[0.5]],
    iterations: [],
  }
  const out = join(folder, 'merged.safetensors')
  rmSync(out, { force: true })
  return { out, exported: await rebuild({ recipe, out, overwrite: false, form: formSchema.parse(form) }) }
}

async function contentOf(path: string): Promise<Given> {
  const source = await openSource(path)
  try {
    const file = await openTensorFile(source)
    const found: Given = {}
    for (const { name, dtype, shape } of file.tensors.values()) found[name] = { dtype, shape, bytes: await file.read(name) }
    return found
  } finally {
    await source.close()
  }
}

const numbers = ({ dtype, bytes }: Given[string] = raw('U8')): number[] => [...toFloat32(bytes, dtype)]
const refused = async (base: Given, tuned: Given): Promise<{ code: string; what: string; where: string; why: string; next: string }> => {
  const record = await merged(base, tuned).then(
    () => expect.fail('it was merged'),
    (error) => error.record,
  )
  expect(existsSync(join(folder, 'merged.safetensors'))).toBe(false)
  return record
}

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
  for (const dtype of floating) expect((await contentOf(wide.out))[dtype], dtype).toEqual(tensor('F32', ...expected(dtype)))
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
    expect(findings[0]).toMatchObject({ level: 'error', file: paths[1], why: expect.stringContaining(`its first one is ${told},`) })
    expect(findings[0]?.why).not.toMatch(told === 'NaN' ? /Infinity/ : /NaN/)
  }
  expect(await refused({ w: tensor('F32', -inf, 1) }, { w: tensor('F32', -inf, 2) })).toMatchObject({ where: 'base.safetensors: w' })
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
  expect(found.tensors).toEqual(expect.arrayContaining(Object.entries(odd).map(([name, { dtype, shape }]) => ({ name, dtype, shape }))))
  expect(found).toMatchObject({ dtype: 'F32', parameters: 2, nonFinite: 0 })
  const told = inspectionLines(found).find((line) => /does not compute with/.test(line))
  expect(told).toMatch(/^ {2}5 of types that Basil lists and copies, but does not compute with: /)
  for (const type of ['F4', 'F8_E8M0', 'F6_E3M2', 'F6_E2M3', 'C64']) expect(told).toContain(type)
  for (const layout of [null, 'open_clip'] as const) {
    const out = join(folder, `converted-${layout}.safetensors`)
    await resultOf(convert({ file: path, out, overwrite: true, form: formSchema.parse({ layout, dtype: 'float16' }) }))
    expect(await contentOf(out)).toEqual({ ...odd, 'b.weight': tensor('F16', 1, 2) })
  }
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
  expect(await refused({ w: tensor('F32', 1), freqs }, { w: tensor('F32', 2), freqs: raw('C64', ...new Array(8).fill(1)) })).toMatchObject({
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
  expect((await refused(weights(0.5, 1), { 'a.weight': tensor('F8_E4M3', 1) })).where).toBe('tuned.safetensors: a.weight_scale')
})

const embed = (...values: number[]): Given => ({ 'model.embed.weight': tensor('F32', ...values), 'model.temp': tensor('F32', 1) })
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
    /vocabulary/,
  ],
])('a fine-tuned model with %s: which file lacks what', async (_, tuned, told, next) => {
  const record = await refused(embed(1, 2), tuned)
  expect(`${record.what}: ${record.why}`).toMatch(told)
  expect(record.next).toMatch(next)
})

const factors = (...names: string[]): Given => Object.fromEntries(names.map((name) => [name, tensor('F32', 1, 2)]))
test.each<[string, Given]>([
  [
    'LoRA of peft',
    factors(
      'base_model.model.vision_model.encoder.layers.0.self_attn.q_proj.lora_A.weight',
      'base_model.model.vision_model.encoder.layers.0.self_attn.q_proj.lora_B.weight',
    ),
  ],
  ['LoRA with a new head', factors('base_model.model.layers.0.q_proj.lora_A.weight', 'base_model.model.score.weight')],
  ['a method of peft without a name here', factors('base_model.model.layers.0.q_proj.something_new')],
  ['IA3', factors('base_model.model.layers.0.mlp.down_proj.ia3_l')],
  [
    'a model that its adapter was never merged into',
    factors('visual.proj', 'layers.0.q_proj.base_layer.weight', 'layers.0.q_proj.lora_A.default.weight'),
  ],
  ["diffusers' and others'", factors('unet.down_blocks.0.attn.to_q.lora.down.weight', 'lora_te_text_model_0_q.lora_up.weight')],
])('an adapter is called one wherever it is given: %s', async (_, adapter) => {
  const path = await saved('adapter_model', adapter)
  expect(await look(path)).toMatchObject({ role: 'adapter' })
  expect(inspectionLines(await inspect(path)).join('\n')).toMatch(
    /, adapter\n[\s\S]*merge it into its base first, by peft's merge_and_unload\(\)/,
  )
  const model = factors('layers.0.q_proj.weight')
  for (const [base, tuned, name] of [
    [adapter, model, 'base.safetensors'],
    [model, adapter, 'tuned.safetensors'],
  ] as const)
    expect(await refused(base, tuned)).toMatchObject({
      code: 'not-supported',
      what: `${name} is a PEFT adapter (LoRA or its like), not a model`,
      next: expect.stringMatching(/merge it into its base model first: .*merge_and_unload\(\)/),
    })
})

test('a module that is called as peft calls its own, and a tensor that is low by name alone, make no adapter', async () => {
  const shapes = {
    'visual.conv1.weight': [2, 3, 4, 4],
    'visual.class_embedding': [2],
    'visual.positional_embedding': [5, 2],
    'visual.proj': [2, 2],
  }
  const tower = Object.fromEntries(
    [...Object.entries(shapes), ['visual.transformer.resblocks.0.ln_1.weight', [2]] as const].map(([name, shape]) => [
      `base_model.model.${name}`,
      { dtype: 'U8' as const, shape: [...shape], bytes: new Uint8Array(shape.reduce((a, b) => a * b, 1)) },
    ]),
  )
  expect((await look(await saved('wrapped', tower))).role).not.toBe('adapter')
  expect((await look(await saved('named', factors('explora_A.weight', 'model.lora_alpha', 'flora.weight')))).role).toBe('unknown')
})

test('thirty thousand tensors are merged by name', async () => {
  const many = (add: number): Given =>
    Object.fromEntries(Array.from({ length: 30_000 }, (_, i) => [`layers.${i}.weight`, tensor('F32', i, i + add)]))
  const { out, exported } = await merged(many(0), many(1))
  expect(exported.tensors).toBe(30_000)
  expect(numbers((await contentOf(out))['layers.29999.weight'])).toEqual([29_999, 29_999.5])
}, 600_000)
