// A set before a run: what it measures against plain loops and the oracle's cosines, and everything it should find,
// each by itself.
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { compatibilityOf } from '../../../src-main/engine/measures/compatibility.ts'
import { openSource } from '../../../src-main/files/source.ts'
import { expected, folder as golden, relativeError, tasks } from '../../golden/fixture.ts'
import { written } from '../formats/bytes.ts'
import { type Full, filled, openClip, resNet, type Shapes } from '../layouts/models.ts'
import { bytesOf, changed, expectClose, folderOf, moved, plain, resultOf, size, tower } from './memory.ts'

const base = filled(tower, 'F32', 1, true)
const tuned = [2, 3, 4].map((seed) => moved(base, seed, 0.02))

async function found(files: Record<string, Uint8Array>) {
  const { open, left } = folderOf(files)
  const [pretrained, ...others] = Object.keys(files) as [string, ...string[]]
  const result = await resultOf(compatibilityOf(pretrained, others, open))
  expect(left()).toBe(0)
  return result
}

/** Of models whose tensors are named as they are. */
const files = async (...models: Full[][]): Promise<Record<string, Uint8Array>> =>
  Object.fromEntries(
    await Promise.all(models.map(async (model, i) => [`${'abcdef'[i]}.safetensors`, await written(model)] as const)),
  )

test("norms and cosines of mixed layouts are plain loops', and nothing is found where nothing is wrong", async () => {
  const [b, c, d] = tuned as [Full[], Full[], Full[]]
  const { findings, vectors, cosines } = await found({
    'a.safetensors': await bytesOf(base),
    'b.pt': await bytesOf(b, 'huggingface', 'state_dict'),
    'c.safetensors': await bytesOf(c, 'image encoder'),
    'd.safetensors': await bytesOf(d),
  })
  expect(findings).toEqual([])
  const still = [...plain(base).values()].flat()
  const taus = [b, c, d].map((model) => [...plain(model).values()].flat().map((x, i) => x - (still[i] as number)))
  const dot = (x: number[], y: number[]): number => x.reduce((sum, v, i) => sum + v * (y[i] as number), 0)
  for (const [i, tau] of taus.entries()) {
    expectClose(vectors[i]?.norm, Math.sqrt(dot(tau, tau)), 'norm')
    expectClose(vectors[i]?.relative, Math.sqrt(dot(tau, tau) / dot(still, still)), 'relative norm')
    for (const [j, other] of taus.entries())
      expectClose(cosines[i]?.[j], dot(tau, other) / Math.sqrt(dot(tau, tau) * dot(other, other)), `cosine ${i} ${j}`)
  }
})

test("the oracle's cosines of task vectors", async () => {
  const at = (name: string): string => join(golden, `${name}.safetensors`)
  const { cosines } = await resultOf(
    compatibilityOf(
      at('pretrained'),
      tasks.map((task) => at(`finetuned-${task}`)),
      openSource,
    ),
  )
  expect(relativeError(cosines.flat(), expected['similarity.cosine'].flat())).toBeLessThan(1e-6)
})

test('a vector of 0, twins, a model from elsewhere, and vectors of very different length are warned of', async () => {
  const [b] = tuned as [Full[]]
  const other = filled(tower, 'F32', 77, true)
  const { findings, vectors } = await found(await files(base, base, b, moved(b, 9, 1e-5), other))
  expect(vectors[0]).toEqual({ file: 'b.safetensors', norm: 0, relative: 0 })
  expect(findings.map(({ level, file, what }) => [level, file, what])).toEqual([
    ['warning', 'b.safetensors', 'It is equal to the pre-trained model: its vector is 0'],
    ['warning', 'e.safetensors', 'It may be fine-tuned from another model'],
    ['warning', 'd.safetensors', 'Its vector is nearly that of c.safetensors'],
    [
      'warning',
      'e.safetensors',
      expect.stringMatching(/^Its vector is \d+\.\d times as long as that of [cd]\.safetensors$/),
    ],
  ])
  for (const { why, next } of findings) expect(Math.min(why.length, next.length)).toBeGreaterThan(10)
})

test.each([
  [3.9, 0],
  [4.1, 1],
])('norms that differ %f times give %i warning', async (times, warnings) => {
  const [b, c] = tuned as [Full[], Full[]]
  const values = plain(base)
  const longer = changed(
    c,
    (x, name, i) => (values.get(name)?.[i] as number) + times * (x - (values.get(name)?.[i] as number)),
  )
  const { findings } = await found(await files(base, b, longer))
  expect(findings.filter(({ what }) => /times as long/.test(what)).length).toBe(warnings)
})

test('another architecture names the tensor; a file that is none, its reason; what fits is measured all the same', async () => {
  const [b] = tuned as [Full[]]
  const deeper = filled(openClip({ ...size, layers: 2 }, 'none'), 'F32', 5, true)
  const { findings, vectors } = await found({ ...(await files(base, b, deeper)), 'd.pt': Buffer.from('<html>nothing') })
  expect(findings.map(({ level, file, what }) => [level, file, what])).toEqual([
    ['error', 'c.safetensors', 'c.safetensors has another architecture than a.safetensors'],
    ['error', 'd.pt', 'd.pt is not a checkpoint but a web page'],
  ])
  expect(findings[0]?.why).toMatch(/it has 2 layers, not 1 .*resblocks/)
  expect(vectors.map(({ file }) => file)).toEqual(['b.safetensors'])
})

test('an unknown architecture goes by tensor name: shapes, missing tensors and integer buffers that differ', async () => {
  const shapes: Shapes = [
    ['layer.weight', [3, 4]],
    ['layer.bias', [3]],
  ]
  const ints = (value: bigint): Full => ({
    name: 'ids',
    dtype: 'I64',
    shape: [1],
    bytes: new Uint8Array(BigInt64Array.of(value).buffer),
  })
  const one = [...filled(shapes, 'F32', 1, true), ints(5n)]
  const near = [...moved(one.slice(0, 2), 8, 0.01), ints(5n)]
  const wrongShape = [
    ...filled(
      [
        ['layer.weight', [4, 3]],
        ['layer.bias', [3]],
      ],
      'F32',
      1,
      true,
    ),
    ints(5n),
  ]
  const { findings, vectors } = await found(
    await files(one, near, wrongShape, one.slice(1), [...one.slice(0, 2), ints(6n)]),
  )
  expect(vectors.map(({ file }) => file)).toEqual(['b.safetensors'])
  expect(findings.map(({ level, file, what, why }) => [level, file, `${what}: ${why}`])).toEqual([
    ['error', 'c.safetensors', expect.stringMatching(/layer\.weight in another shape.*\[4,3\]/)],
    ['error', 'd.safetensors', expect.stringMatching(/lacks the tensor layer\.weight/)],
    ['error', 'e.safetensors', expect.stringMatching(/integer buffer.*not equal.*ids/)],
  ])
})

test('a weight that is not finite is an error that names it, in the base as in the others', async () => {
  const [b] = tuned as [Full[]]
  const broken = changed(b, (x, name, i) => (name === 'visual.ln_post.bias' && i === 3 ? Number.NaN : x))
  const { findings, vectors } = await found(await files(base, b, broken))
  expect(findings).toMatchObject([
    { level: 'error', file: 'c.safetensors', what: expect.stringContaining('visual.ln_post.bias') },
  ])
  expect(vectors.map(({ file }) => file)).toEqual(['b.safetensors'])
  const all = await found(await files(broken, b))
  expect(all.findings).toMatchObject([{ level: 'error', file: 'a.safetensors' }])
  expect(all.vectors).toEqual([])
})

test("types, BatchNorm's statistics and the text tower, where they differ, are notes", async () => {
  const [b] = tuned as [Full[]]
  const halves = b.map((t) => ({
    ...t,
    dtype: 'F16' as const,
    bytes: new Uint8Array(new Float16Array(plain([t]).get(t.name) as number[]).buffer),
  }))
  expect((await found(await files(base, halves))).findings).toMatchObject([
    { level: 'note', what: expect.stringMatching(/stored as F16.*as F32/) },
  ])

  const whole = filled(openClip(size, 'whole'), 'F32', 1, true)
  const other = moved(whole, 2, 0.02)
  const { findings } = await found(await files(whole, other))
  expect(findings).toMatchObject([
    { level: 'note', what: expect.stringMatching(/outside of what is combined, in \d+ tensors/) },
  ])

  const residual = changed(filled(resNet([1, 1, 1, 1], 8, 16, 32), 'F32', 1, true), (x) => x)
  const ofResidual = await found(await files(residual, moved(residual, 5, 0.02)))
  expect(ofResidual.findings).toMatchObject([
    { level: 'note', what: expect.stringMatching(/BatchNorm statistics differ in \d+ tensors/) },
  ])
})
