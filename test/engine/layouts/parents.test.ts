// Parents of different layouts are combined as if they had one: the same bits. What a layout lacks is the pre-trained
// model's own, BatchNorm's statistics and integers are never averaged, and checkpoints of no known architecture are
// combined by tensor name.
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, describe, expect, test } from 'vitest'

import type { TensorFile } from '../../../src-main/engine/formats/tensor-file.ts'
import { canonical, inLayout } from '../../../src-main/engine/layouts/index.ts'
import { areGroups, groupsOf } from '../../../src-main/engine/weights/merge.ts'
import { openParents, openWeights, type WeightSet } from '../../../src-main/engine/weights/parents.ts'
import { hashFile } from '../../../src-main/files/hash.ts'
import { hashInThread } from '../../../src-main/files/hash-thread.ts'
import { hashCheckpoint, openSource } from '../../../src-main/files/source.ts'
import { written } from '../formats/bytes.ts'
import { mergedBits } from './merged-bits.ts'
import { type Full, filled, huggingFace, inMemory, openClip, resNet, type Shapes, small } from './models.ts'

const folder = mkdtempSync(join(tmpdir(), 'basil-mixed-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function saved(name: string, tensors: Full[]): Promise<string> {
  const path = join(folder, name)
  writeFileSync(path, await written(tensors))
  return path
}

async function tensorsOf(file: TensorFile): Promise<Full[]> {
  const found: Full[] = []
  for (const { name, dtype, shape } of file.tensors.values())
    found.push({ name, dtype, shape, bytes: (await file.read(name)).slice() })
  return found
}

const merged = (set: WeightSet): Promise<Map<string, string>> => mergedBits(set, (t, b) => 0.3 + 0.1 * t - 0.01 * b)

const models = [1, 2, 3].map((seed) => filled(openClip(small, 'whole'), 'F32', seed, true)) as [Full[], Full[], Full[]]
const [base, a, b] = await Promise.all(models.map((model, k) => saved(`plain-${k}.safetensors`, model)))
const plain = [base, [a, b]] as [string, string[]]

describe('a run on parents of several layouts', () => {
  const into = async (model: Full[], layout: 'huggingface' | 'image encoder'): Promise<Full[]> =>
    tensorsOf(inLayout(canonical(await inMemory(model)), layout))
  const encoder = openClip(small, 'leftovers')
  const numbered = (model: Full[], prefix: string): Full[] =>
    encoder.map(([name], i) => ({ ...(model.find((t) => t.name === name) as Full), name: prefix + i }))

  test('gives the bits of parents of one layout', async () => {
    const expected = await merged(await openParents(...plain, openSource))
    expect(expected.size).toBe(8 + 12 * small.layers)
    const [first, second, third] = models
    const hf = await saved('hf.safetensors', await into(second, 'huggingface'))
    const imageEncoder = await saved('encoder.safetensors', await into(third, 'image encoder'))
    const linear = await saved('linear.safetensors', [
      ...numbered(third, 'model.params.'),
      ...numbered(first, 'model.params0.'),
    ])
    const list = await saved('list.safetensors', numbered(second, ''))
    const hfBase = await saved('hf-base.safetensors', await into(first, 'huggingface'))
    const bare = third
      .filter((t) => t.name.startsWith('visual.'))
      .map((t) => ({ ...t, name: t.name.replace('visual.', '') }))
    for (const [one, others] of [
      [base, [hf, imageEncoder]],
      [hfBase, [a, linear]],
      [hfBase, [list, await saved('bare.safetensors', bare)]],
    ] as [string, string[]][])
      expect(await merged(await openParents(one, others, openSource))).toEqual(expected)
  })

  test("a vision model without projection moves all but the projection, which is the pre-trained model's, and says so", async () => {
    const vision = (await into(models[1], 'huggingface')).filter((t) => t.name.startsWith('vision_model.'))
    expect(vision.map((t) => t.name).sort()).toEqual(
      huggingFace(small, 'vision')
        .map(([name]) => name)
        .sort(),
    )
    const set = await openParents(base as string, [await saved('vision.safetensors', vision)], openSource)
    expect(set.notes).toEqual([
      "vision.safetensors has no visual_projection.weight: the pre-trained model's is taken, and is not moved",
    ])
    const found = await merged(set)
    const expected = await merged(await openParents(base as string, [a as string], openSource))
    expected.set(
      'visual.proj',
      Buffer.from(models[0].find((t) => t.name === 'visual.proj')?.bytes as Uint8Array).toString('hex'),
    )
    expect(found).toEqual(expected)
    await expect(openParents(join(folder, 'vision.safetensors'), [a as string], openSource)).rejects.toMatchObject({
      record: { code: 'tensor-missing', where: 'vision.safetensors: visual_projection.weight' },
    })
  })

  test('int64 position_ids are carried, never averaged, and must be equal where both have them', async () => {
    const ids = (first: bigint): Full => ({
      name: 'vision_model.embeddings.position_ids',
      dtype: 'I64',
      shape: [1, 2],
      bytes: new Uint8Array(BigInt64Array.of(first, 2n ** 60n).buffer),
    })
    const [first, second] = [await into(models[0], 'huggingface'), await into(models[1], 'huggingface')]
    const old = await saved('old-base.safetensors', [...first, ids(7n)])
    const set = await openParents(old, [await saved('old.safetensors', [...second, ids(7n)]), a as string], openSource)
    expect(set.parameters.has('vision_model.embeddings.position_ids')).toBe(false)
    expect(set.base.file.parameters.has('vision_model.embeddings.position_ids')).toBe(false)
    expect(Buffer.compare(await set.base.file.read('vision_model.embeddings.position_ids'), ids(7n).bytes)).toBe(0)
    await set.close()
    await expect(
      openParents(old, [await saved('other.safetensors', [...second, ids(8n)])], openSource),
    ).rejects.toMatchObject({
      record: { code: 'buffers-differ', where: 'other.safetensors: vision_model.embeddings.position_ids' },
    })
  })

  test('what is wrong is told by the name in its own file', async () => {
    const gone = 'vision_model.encoder.layers.1.self_attn.v_proj.bias'
    const short = (await into(models[1], 'huggingface')).filter((t) => t.name !== gone)
    await expect(
      openParents(base as string, [await saved('short.safetensors', short)], openSource),
    ).rejects.toMatchObject({
      record: { code: 'tensor-missing', where: expect.stringContaining(gone) },
    })
    const adapted = [
      ...(await into(models[1], 'huggingface')),
      { name: 'vision_model.adapter.weight', dtype: 'F32' as const, shape: [1], bytes: new Uint8Array(4) },
    ]
    await expect(
      openParents(base as string, [await saved('adapted.safetensors', adapted)], openSource),
    ).rejects.toMatchObject({
      record: { code: 'tensor-extra', where: 'adapted.safetensors: vision_model.adapter.weight' },
    })
  })
})

test('columns of old recipes, under the names of files of other layouts, are those of today', () => {
  const now = { names: ['visual.proj', 'visual.conv1.weight'], of: new Map() }
  for (const prefix of ['visual.', 'model.visual.', ''])
    expect(areGroups([`${prefix}proj`, `${prefix}conv1.weight`], now)).toBe(true)
  for (const other of [
    ['visual.proj'],
    ['visual.conv1.weight', 'visual.proj'],
    ['visual.proj', 'proj'],
    ['all', 'all'],
  ])
    expect(areGroups(other, now)).toBe(false)
})

describe('arithmetic by tensor name', () => {
  const behindNames = (prefix: string, all: Full[]): Full[] => all.map((t) => ({ ...t, name: prefix + t.name }))
  test('of a ResNet: parameters are combined, statistics stay those of the pre-trained model', async () => {
    const shapes = [...resNet([1, 1, 1, 1], 4, 2, 32), ['logit_scale', []]] as Shapes
    const [one, two] = [filled(shapes, 'F32', 1, true), filled(shapes, 'F32', 2, true)]
    const paths: [string, string] = [
      await saved('rn-base.safetensors', one),
      await saved('rn.safetensors', behindNames('model.', two)),
    ]
    const set = await openWeights(paths[0], [paths[1]], openSource)
    expect([...set.parameters.keys()].filter((name) => /running|tracked/.test(name))).toEqual([])
    const found = await merged(set)
    expect(found.size).toBe(shapes.filter(([name]) => !/running|tracked/.test(name)).length)
    const floats = (all: Full[], name: string): Float32Array =>
      new Float32Array((all.find((t) => t.name === name) as Full).bytes.slice().buffer)
    const [p, q] = [floats(one, 'visual.bn1.weight'), floats(two, 'visual.bn1.weight')]
    const at = [...found.keys()].indexOf('visual.bn1.weight')
    const sum = p.map((x, i) => x + (0.3 - 0.01 * at) * ((q[i] as number) - x))
    expect(found.get('visual.bn1.weight')).toBe(Buffer.from(sum.buffer).toString('hex'))
    await expect(openParents(paths[0], [paths[1]], openSource)).rejects.toMatchObject({
      record: { code: 'not-supported', what: expect.stringContaining('ResNet'), where: 'rn-base.safetensors' },
    })
  })

  const own: Shapes = [
    ['encoder.weight', [3, 4]],
    ['encoder.bias', [3]],
    ['norm.running_mean', [3]],
  ]
  test('of an unknown architecture: equal names and shapes are all it takes', async () => {
    const [one, two] = [
      await saved('own-base.safetensors', filled(own, 'F32', 1, true)),
      await saved('own.safetensors', filled(own, 'F32', 2, true)),
    ]
    expect([...(await merged(await openWeights(one, [two], openSource))).keys()]).toEqual([
      'encoder.weight',
      'encoder.bias',
    ])
  })

  test.each<[string, Shapes, string, string]>([
    ['missing', own.slice(1), 'tensor-missing', 'encoder.weight'],
    ['too many', [...own, ['extra', [1]]], 'tensor-extra', 'extra'],
    ['in another shape', [['encoder.weight', [4, 3]], ...own.slice(1)], 'tensor-shape', 'encoder.weight'],
  ])('a tensor %s is refused by name', async (_, shapes, code, name) => {
    const one = await saved('own-base.safetensors', filled(own, 'F32', 1, true))
    const two = await saved('strange.safetensors', filled(shapes, 'F32', 2, true))
    await expect(openWeights(one, [two], openSource)).rejects.toMatchObject({
      record: { code, where: `strange.safetensors: ${name}` },
    })
  })

  test('layers of the two towers, and of a ResNet, are groups of their own', async () => {
    const whole = await openWeights(base as string, [], openSource)
    const text = ['text embedding', 'text output', 'text layer 0']
    expect(groupsOf(whole, 'layer').names.sort()).toEqual(['embedding', 'output', 'layer 0', 'layer 1', ...text].sort())
    await whole.close()
    const stages = await openWeights(
      await saved('stages.safetensors', filled(resNet([2, 1, 1, 1], 4, 2, 32), 'F32', 1, true)),
      [],
      openSource,
    )
    expect(groupsOf(stages, 'layer').names).toEqual([
      'embedding',
      'layer 1.0',
      'layer 1.1',
      'layer 2.0',
      'layer 3.0',
      'layer 4.0',
      'output',
    ])
    await stages.close()
  })

  test('of whole CLIP models takes the text tower too, whatever the layout', async () => {
    const hf = await tensorsOf(inLayout(canonical(await inMemory(models[1])), 'huggingface'))
    const expected = await merged(await openWeights(base as string, [a as string], openSource))
    expect(expected.size).toBe(openClip(small, 'whole').length)
    expect(
      await merged(await openWeights(base as string, [await saved('hf-whole.safetensors', hf)], openSource)),
    ).toEqual(expected)
  })
})

describe('a checkpoint in several files', () => {
  async function sharded(model: Full[], name: string): Promise<string> {
    const place = join(folder, name)
    mkdirSync(place)
    const weight_map = Object.fromEntries(model.map((t, i) => [t.name, `model-${i % 3}.safetensors`]))
    for (const shard of new Set(Object.values(weight_map)))
      writeFileSync(join(place, shard), await written(model.filter((t) => weight_map[t.name] === shard)))
    writeFileSync(join(place, 'model.safetensors.index.json'), JSON.stringify({ weight_map }))
    return join(place, 'model.safetensors.index.json')
  }

  test('is a parent like any other', async () => {
    const index = await sharded(models[1], 'parent')
    const expected = await merged(await openParents(...plain, openSource))
    expect(await merged(await openParents(base as string, [index, b as string], openSource))).toEqual(expected)
  })

  test('is known by the content of all its files, in every place that hashes', async () => {
    const index = await sharded(models[2], 'known')
    const shards = [0, 1, 2].map((i) => join(folder, 'known', `model-${i}.safetensors`))
    const digests = await Promise.all(shards.map(async (shard) => (await hashFile(shard)).sha256))
    const sha256 = createHash('sha256').update(readFileSync(index)).update(digests.join('')).digest('hex')
    const bytes = [index, ...shards].reduce((sum, path) => sum + statSync(path).size, 0)
    expect(await hashCheckpoint(index)).toEqual({ sha256, bytes })
    const hashing = hashInThread([a as string, index, base as string])
    expect(await hashing.hashes).toEqual([
      (await hashFile(a as string)).sha256,
      sha256,
      (await hashFile(base as string)).sha256,
    ])
    await hashing.stop()
    const shard = readFileSync(shards[1] as string)
    shard[shard.length - 1] = (shard.at(-1) as number) ^ 1
    writeFileSync(shards[1] as string, shard)
    expect((await hashCheckpoint(index)).sha256).not.toBe(sha256)
  })
})
