// Every program's names are brought to the same canonical ones, and back, bit for bit, in every type; what has no place
// in a layout is told, and what a layout has no names for is refused.
import fc from 'fast-check'
import { expect, test } from 'vitest'

import type { TensorFile } from '../../../src-main/engine/formats/tensor-file.ts'
import { type CanonicalFile, canonical, inLayout } from '../../../src-main/engine/layouts/index.ts'
import { type Full, filled, huggingFace, ids, inMemory, openClip, resNet, type Shapes, type Size } from './models.ts'

const small: fc.Arbitrary<Size> = fc.record({
  width: fc.integer({ min: 1, max: 6 }),
  layers: fc.integer({ min: 1, max: 3 }),
  patch: fc.integer({ min: 1, max: 3 }),
  tokens: fc.integer({ min: 2, max: 6 }),
  embed: fc.integer({ min: 1, max: 5 }),
  text: fc.record({
    width: fc.integer({ min: 1, max: 4 }),
    layers: fc.integer({ min: 1, max: 2 }),
    context: fc.integer({ min: 1, max: 4 }),
    vocabulary: fc.integer({ min: 1, max: 7 }),
  }),
})
const dtype = fc.constantFrom('F32' as const, 'F16' as const, 'BF16' as const, 'F64' as const)
const runs = { numRuns: 60, seed: 5 }

/** Every tensor whole, and read in two parts from a place in between. */
async function contents(file: TensorFile, share = 0.4): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const { name, dtype, shape, bytes } of file.tensors.values()) {
    const whole = await file.read(name)
    const item = shape.length ? bytes / shape.reduce((a, b) => a * b, 1) : bytes
    const cut = item * Math.floor((share * bytes) / item)
    const parts = [
      await file.readRange(name, 0, cut),
      await file.readRange(name, cut, bytes - cut, new Uint8Array(bytes - cut)),
    ]
    expect(Buffer.compare(Buffer.concat(parts), whole), `${name} in two parts`).toBe(0)
    found.set(name, `${dtype} [${shape}] ${Buffer.from(whole).toString('hex')}`)
  }
  return found
}

/** As a stranger's file: nothing of the view it came from is left. */
async function stored(file: TensorFile): Promise<CanonicalFile> {
  const tensors: Full[] = []
  for (const { name, dtype, shape } of file.tensors.values())
    tensors.push({ name, dtype, shape, bytes: (await file.read(name)).slice() })
  return canonical(await inMemory(tensors))
}

test('open_clip to Hugging Face to open_clip, and to an image encoder and back, is bit-exact in every dtype', async () => {
  await fc.assert(
    fc.asyncProperty(
      small,
      dtype,
      fc.constantFrom('none', 'leftovers', 'whole'),
      fc.double({ min: 0, max: 1, noNaN: true }),
      async (size, type, text, share) => {
        const original = await inMemory(filled(openClip(size, text as 'none'), type, 3))
        const expected = await contents(original, share)
        for (const layout of ['huggingface', 'image encoder', 'open_clip'] as const) {
          const there = inLayout(canonical(original), layout)
          expect(there.left).toEqual([])
          const found = await stored(there)
          expect(found.layout).toBe(layout)
          expect(await contents(inLayout(found, 'open_clip'), share)).toEqual(expected)
        }
      },
    ),
    runs,
  )
})

test("Hugging Face's names, and where each of its rows and columns goes", async () => {
  await fc.assert(
    fc.asyncProperty(small, dtype, async (size, type) => {
      const shapes = ids(huggingFace(size, 'whole'))
      const theirs = await inMemory(filled(shapes, type, 4))
      const view = canonical(theirs)
      const expected = [...openClip(size, 'whole'), ['vision_model.embeddings.position_ids', [1, 50]]] as Shapes
      expect([...view.tensors.values()].map((t) => [t.name, t.shape]).sort()).toEqual(expected.sort())
      expect(await contents(inLayout(view, 'huggingface'))).toEqual(await contents(theirs))
      const fused = await view.read('visual.transformer.resblocks.0.attn.in_proj_weight')
      const parts = await Promise.all(
        ['q', 'k', 'v'].map((p) => theirs.read(`vision_model.encoder.layers.0.self_attn.${p}_proj.weight`)),
      )
      expect(Buffer.compare(Buffer.concat(parts), fused)).toBe(0)
      const item = fused.length / (3 * size.width ** 2)
      const [proj, weight] = [await view.read('visual.proj'), await theirs.read('visual_projection.weight')]
      for (let w = 0; w < size.width; w++)
        for (let e = 0; e < size.embed; e++) {
          const [a, b] = [item * (w * size.embed + e), item * (e * size.width + w)]
          expect(Buffer.compare(proj.subarray(a, a + item), weight.subarray(b, b + item))).toBe(0)
        }
    }),
    { ...runs, numRuns: 20 },
  )
})

test('numbered parameters are named by their place; the expansion point stands apart; a shape that does not fit names none', async () => {
  await fc.assert(
    fc.asyncProperty(small, dtype, fc.constantFrom('none', 'leftovers'), fc.nat(), async (size, type, text, at) => {
      const shapes = openClip(size, text as 'none')
      const [params, point] = [filled(shapes, type, 5), filled(shapes, type, 6)]
      const as = (prefix: string, all: Full[]): Full[] => all.map((t, i) => ({ ...t, name: prefix + i }))
      const shuffled = (all: Full[]): Full[] =>
        [...all].sort((a, b) => a.bytes.length - b.bytes.length || (a.name < b.name ? -1 : 1))
      const plain = await contents(await inMemory(params))
      const view = canonical(await inMemory(shuffled([...as('model.params.', params), ...as('model.params0.', point)])))
      expect(view.layout).toBe('linearised')
      expect([...view.parameters.keys()].sort()).toEqual(shapes.map(([name]) => name).sort())
      expect(await contents(inLayout(view, 'open_clip'))).toEqual(plain)
      expect(inLayout(view, 'huggingface').left).toEqual(shapes.map(([name]) => `expansion.${name}`))
      for (const { name, bytes } of point) expect(Buffer.compare(await view.read(`expansion.${name}`), bytes)).toBe(0)
      const again = await stored(view)
      expect([again.layout, [...again.parameters.keys()]]).toEqual(['open_clip', [...view.parameters.keys()]])
      const list = canonical(await inMemory(shuffled(as('', params))))
      expect([list.layout, await contents(inLayout(list, 'open_clip'))]).toEqual(['tensor list', plain])

      const k = at % shapes.length
      const bent = as('', params).map((t, i) => (i === k ? { ...t, shape: [...t.shape, 1, 1] } : t))
      const short = as('', params.toSpliced(k, 1))
      for (const tensors of [bent, short])
        for (const named of [tensors, tensors.map((t) => ({ ...t, name: `model.params.${t.name}` }))]) {
          const strange = canonical(await inMemory(named))
          expect([strange.layout, strange.architecture, [...strange.tensors.keys()]]).toEqual([
            'unknown',
            null,
            named.map((t) => t.name),
          ])
        }
    }),
    { ...runs, numRuns: 25 },
  )
})

test('integers between the tensors of a list have no place and no name of a parameter', async () => {
  const size = {
    width: 2,
    layers: 1,
    patch: 1,
    tokens: 2,
    embed: 3,
    text: { width: 2, layers: 1, context: 2, vocabulary: 3 },
  }
  const list = filled(openClip(size, 'none'), 'F32', 7).map((t, i) => ({ ...t, name: String(i < 4 ? i : i + 1) }))
  const view = canonical(await inMemory([...list, { name: '4', dtype: 'I64', shape: [1], bytes: new Uint8Array(8) }]))
  expect(view.layout).toBe('tensor list')
  expect([...view.tensors.keys()].filter((name) => !name.startsWith('visual.'))).toEqual(['4'])
})

test('what Hugging Face has no names for is refused, not half written', async () => {
  const view = canonical(await inMemory(filled(resNet([1, 1, 1, 1], 4, 2, 32), 'F32', 9)))
  expect(() => inLayout(view, 'huggingface')).toThrow(/no names for this model/)
  expect(inLayout(view, 'image encoder').tensors.has('model.visual.conv1.weight')).toBe(true)
})
