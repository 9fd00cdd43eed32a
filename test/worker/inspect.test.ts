// What inspect says of a file: its role by metadata, tensors and the field's names; sharded files; what it refuses, and
// how; and that it takes less memory than 1.3 times a model's largest tensor, whatever the file's size.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, expect, test } from 'vitest'

import { inspectionLines } from '../../src-main/cli/print.ts'
import { inspectionSchema } from '../../src-main/contract/checkpoint.ts'
import { dtypes } from '../../src-main/engine/formats/dtype.ts'
import { hashCheckpoint } from '../../src-main/files/source.ts'
import { inspect, look } from '../../src-main/worker/inspect.ts'
import { started } from '../bundles.ts'
import { written } from '../engine/formats/bytes.ts'
import { filled, headerOnly, huggingFace, openClip, type Shapes, sizes } from '../engine/layouts/models.ts'
import { folder as golden } from '../golden/fixture.ts'

const folder = mkdtempSync(join(tmpdir(), 'basil-inspect-'))
afterAll(() => rmSync(folder, { recursive: true }))
const tower = openClip({ ...sizes['ViT-B/32'], width: 4, layers: 1, embed: 2, patch: 2, tokens: 5 }, 'none')
const checkpoints = join(golden, '../formats/checkpoints')

async function saved(name: string, shapes: Shapes, metadata: Record<string, string> = {}): Promise<string> {
  writeFileSync(join(folder, name), await written(filled(shapes, 'F32', 1, true), metadata))
  return join(folder, name)
}

test.each<[string, Shapes, Record<string, string>, string]>([
  ['zeroshot.safetensors', tower, {}, 'pre-trained'],
  ['pretrained.safetensors', tower, {}, 'pre-trained'],
  ['finetuned.safetensors', tower, {}, 'fine-tuned'],
  ['linear_finetuned.safetensors', tower, {}, 'fine-tuned'],
  ['model.safetensors', tower, {}, 'unknown'],
  ['model.safetensors', tower, { role: 'pretrained' }, 'pre-trained'],
  ['finetuned.safetensors', tower, { 'basil.recipe': '{}' }, 'merged'],
  ['zeroshot-heads.safetensors', [['head.mnist', [10, 2]]], {}, 'head'],
  ['head_MNISTVal.safetensors', [['weight', [10, 512]]], {}, 'head'],
  [
    'probe.safetensors',
    [
      ['weight', [10, 512]],
      ['bias', [10]],
    ],
    {},
    'head',
  ],
  [
    'layer.safetensors',
    [
      ['weight', [10, 512]],
      ['bias', [512]],
    ],
    {},
    'unknown',
  ],
  ['learned_additions.safetensors', [['tensor', [8, 158]]], {}, 'coefficients'],
  ['table.safetensors', [['tensor', [8, 296]]], {}, 'coefficients'],
  ['table.safetensors', [['tensor', [8, 300]]], {}, 'unknown'],
  [
    'classifier.safetensors',
    [
      ['norm.weight', [4]],
      ['head.weight', [10, 4]],
    ],
    {},
    'unknown',
  ],
  [
    'tasks.safetensors',
    [
      ['images.a', [2, 3, 4, 4]],
      ['head.a', [10, 2]],
    ],
    {},
    'data',
  ],
])('%s with %j is told by what it shows: its role', async (name, shapes, metadata, role) => {
  expect((await look(await saved(name, shapes, metadata))).role).toBe(role)
})

test('a pickled head is one; lists and numbered parameters that fit no image encoder are left unknown', async () => {
  expect(await look(join(checkpoints, 'head.pt'))).toMatchObject({
    role: 'head',
    layout: 'unknown',
    architecture: null,
  })
  for (const name of ['list.pt', 'linear.pt'])
    expect(await look(join(checkpoints, name)), name).toMatchObject({ layout: 'unknown', architecture: null })
  expect(await look(join(checkpoints, 'module.pt'))).toMatchObject({ layout: 'image encoder', architecture: null })
})

test('all that the contract asks for, and of a sharded checkpoint the hash and size of all its files', async () => {
  const whole = await saved('whole.safetensors', tower)
  const found = inspectionSchema.parse(await inspect(whole))
  expect(found).toMatchObject({
    ...(await hashCheckpoint(whole)),
    format: 'safetensors',
    dtype: 'F32',
    blocks: 20,
    nonFinite: 0,
  })
  expect(found.parameters).toBe(tower.reduce((sum, [, shape]) => sum + shape.reduce((a, b) => a * b, 1), 0))
  const place = join(folder, 'sharded')
  mkdirSync(place)
  writeFileSync(join(place, 'a.safetensors'), await written(filled(tower, 'F32', 1, true)))
  const index = join(place, 'model.safetensors.index.json')
  writeFileSync(
    index,
    JSON.stringify({ weight_map: Object.fromEntries(tower.map(([name]) => [name, 'a.safetensors'])) }),
  )
  const sharded = await inspect(index)
  expect(sharded).toMatchObject({
    ...(await hashCheckpoint(index)),
    format: 'safetensors-sharded',
    layout: 'open_clip',
  })
  const { file: _, sha256: __, bytes: ___, format: ____, warnings, ...same } = found
  expect(sharded).toMatchObject(same)
  expect(sharded.warnings).toEqual(
    warnings?.map((warning) => warning.replace('whole.safetensors', 'model.safetensors.index.json')),
  )
})

test.each([
  ['F16', [0x7c00, 0xfc00, 0x7e01, 0x7bff, 0x8000], Uint16Array, 3],
  ['BF16', [0x7f80, 0xff81, 0x7f7f, 0x0001], Uint16Array, 2],
  ['F32', [0x7f800000, 0xffc00000, 0x7f7fffff, 0x80000000], Uint32Array, 2],
  ['F64', [0xffffffff, 0x7fefffff, 0, 0x7ff00000, 1, 0xfff80000, 0x7ff00000, 0], Uint32Array, 2], // low word, high word
] as const)('NaN and infinite values of %s are counted by their bits', async (dtype, words, Words, expected) => {
  const bytes = new Uint8Array(Words.from(words).buffer)
  const path = join(folder, 'bits.safetensors')
  writeFileSync(path, await written([{ name: 'a', dtype, shape: [bytes.length / dtypes[dtype]], bytes }]))
  expect((await inspect(path)).nonFinite).toBe(expected)
})

test('a refusal ends with 3 and says in JSON what, where, why and what next', () => {
  writeFileSync(join(folder, 'broken.safetensors'), 'not a checkpoint at all')
  const cli = started('src-main/cli.ts')
  const { status, stdout } = spawnSync(
    process.execPath,
    [cli, 'inspect', join(folder, 'broken.safetensors'), '--json'],
    {
      encoding: 'utf8',
    },
  )
  expect(status).toBe(3)
  const { error } = JSON.parse(stdout)
  expect(Object.keys(error).sort()).toEqual(['code', 'next', 'what', 'where', 'why'])
  expect(error).toMatchObject({ code: 'file-damaged', where: 'broken.safetensors' })
})

test('in a terminal it says what the file is before what is in it', async () => {
  const lines = inspectionLines(await inspect(await saved('finetuned.safetensors', tower)))
  expect(lines[0]).toBe(
    `${join(folder, 'finetuned.safetensors')}: ViT, width 4, 1 layers, patch 2, image 4, fine-tuned`,
  )
  expect(lines[1]).toMatch(/^ {2}safetensors, layout open_clip, F32, \d+ bytes, SHA-256 [0-9a-f]{64}$/)
  expect(lines[2]).toBe('  imageSize 4, patchSize 2, width 4, layers 1, mlp 16, tokens 5, embed 2, text none')
  expect(lines[3]).toMatch(
    /^ {2}image tower: attention heads 1 \(a guess from its width of 4\), activation quick-gelu \(a guess/,
  )
  expect(lines[4]).toMatch(/^ {2}WARNING: finetuned.safetensors: nothing says how its image tower is computed/)
  expect(lines[5]).toMatch(/^ {2}20 tensors, \d+ parameters, 20 blocks, 0 values not finite$/)
  expect(lines).toHaveLength(6 + tower.length)
})

// As large as ViT-L/14's: the token embedding has 152 MB; layers are only counted.
const large = { ...sizes['ViT-L/14'], layers: 2, text: { ...sizes['ViT-L/14'].text, layers: 1 } }
test.each<[string, Shapes, 'F32' | 'F16', string]>([
  [
    'inspecting float16',
    openClip(large, 'whole'),
    'F16',
    'const { inspect } = await import("./src-main/worker/inspect.ts"); work = () => inspect(path)',
  ],
  [
    'inspecting float32',
    openClip(large, 'whole'),
    'F32',
    'const { inspect } = await import("./src-main/worker/inspect.ts"); work = () => inspect(path)',
  ],
  [
    "reading every tensor of float16 in Hugging Face's layout as float32",
    huggingFace(large, 'whole'),
    'F16',
    `const { openWeights } = await import("./src-main/engine/weights/parents.ts")
     const { readParameter } = await import("./src-main/engine/weights/slices.ts")
     const { openSource } = await import("./src-main/files/source.ts")
     work = async () => {
       const set = await openWeights(path, [], openSource)
       for (const name of set.parameters.keys()) { await readParameter(set.base, name); gc() }
     }`,
  ],
])('%s takes no more than 1.3 times the largest tensor', (_, shapes, dtype, load) => {
  const path = headerOnly(join(folder, 'large.safetensors'), shapes, dtype)
  const code = `const [path] = process.argv.slice(1); let work; ${load}
    const before = process.resourceUsage().maxRSS; await work(); console.log(process.resourceUsage().maxRSS - before)`
  const options = { cwd: join(import.meta.dirname, '../..'), encoding: 'utf8' as const }
  const kilobytes = Number(
    execFileSync(process.execPath, ['--expose-gc', '--input-type=module', '-e', code, path], options),
  )
  const largest =
    (load.includes('inspect') ? dtypes[dtype] : 4) *
    Math.max(...shapes.map(([, shape]) => shape.reduce((a, b) => a * b, 1)))
  expect((kilobytes * 1024) / largest).toBeLessThan(1.3)
})
