// basil merge in a terminal, with the real engine: models of any container and architecture, by every way there is
// that takes nothing but them; what is written carries its recipe and has a card, and the recipe gives the same bytes
// again.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { formSchema } from '../../src-main/contract/checkpoint.ts'
import { recipeSchema } from '../../src-main/contract/run/recipe.ts'
import { look } from '../../src-main/worker/inspect.ts'
import { rebuild } from '../../src-main/worker/rebuild.ts'
import { written } from '../engine/formats/bytes.ts'
import { type Full, filled, resNet, type Shapes } from '../engine/layouts/models.ts'
import { bytesOf, moved, plain } from '../engine/measures/memory.ts'
import { folder as golden, tasks } from '../golden/fixture.ts'
import { temporaryFolder } from '../workbench/toy.ts'
import { basil, valuesOf } from './in-folder.ts'

/** theta_pre + sum_t c_t tau_t in float64, rounded once. */
function combined(base: Full[], vectors: Full[][], coefficients: number[]): Map<string, number[]> {
  const theirs = vectors.map(plain)
  const sum = (name: string, b: number, i: number): number =>
    theirs.reduce((sum, model, t) => sum + (coefficients[t] as number) * ((model.get(name)?.[i] as number) - b), b)
  return new Map([...plain(base)].map(([name, values]) => [name, values.map((b, i) => Math.fround(sum(name, b, i)))]))
}

test('merge: an architecture nobody knows, its models in three containers, by tensor name', async () => {
  const folder = temporaryFolder()
  const shapes: Shapes = [
    ['encoder.weight', [30, 20]],
    ['encoder.bias', [30]],
    ['scale', []],
  ]
  const base = filled(shapes, 'F32', 1, true)
  const tuned = [2, 3].map((seed) => moved(base, seed, 0.1)) as [Full[], Full[]]
  const place = (name: string): string => join(folder, name)
  writeFileSync(place('base.pt'), await bytesOf(base, null, 'state_dict'))
  writeFileSync(place('one-00001-of-00001.safetensors'), await written(tuned[0]))
  const map = Object.fromEntries(shapes.map(([name]) => [name, 'one-00001-of-00001.safetensors']))
  writeFileSync(place('one.safetensors.index.json'), JSON.stringify({ weight_map: map }))
  writeFileSync(place('two.safetensors'), await written(tuned[1]))
  const parents = ['--pretrained', 'base.pt', '--vectors', 'one.safetensors.index.json', 'two.safetensors']
  const merged = await basil(
    folder,
    'merge',
    ...parents,
    '--coefficients',
    '0.5,-0.25',
    '--out',
    'merged.safetensors',
    '--json',
  )
  expect(merged).toMatchObject({ code: 0, err: '' })
  expect(JSON.parse(merged.out)).toMatchObject({ file: place('merged.safetensors'), tensors: 3 })
  const values = await valuesOf(place('merged.safetensors'))
  expect(values).toEqual(combined(base, tuned, [0.5, -0.25]))
  expect((await basil(folder, 'merge', ...parents, '--out', 'merged.safetensors', '--json')).out).toMatch(
    /target-exists/,
  )
  const short = await basil(folder, 'merge', ...parents, '--coefficients', '0.5', '--out', 'again.safetensors')
  expect(short).toMatchObject({ code: 2, err: expect.stringMatching(/there are 2 vectors, and 1 coefficient\./) })
})

test("merge: a ResNet CLIP; BatchNorm's statistics and counters stay the pre-trained model's", async () => {
  const folder = temporaryFolder()
  const base = filled(resNet([1, 1, 1, 1], 8, 16, 32), 'F32', 1, true)
  const tuned = moved(base, 2, 0.1)
  for (const [name, model] of Object.entries({ base, tuned }))
    writeFileSync(join(folder, `${name}.safetensors`), await written(model))
  const merged = await basil(
    folder,
    'merge',
    '--pretrained',
    'base.safetensors',
    '--vectors',
    'tuned.safetensors',
    '--out',
    'm.safetensors',
  )
  expect(merged).toMatchObject({ code: 0, err: '' })
  const [values, still, expected] = [
    await valuesOf(join(folder, 'm.safetensors')),
    plain(base),
    combined(base, [tuned], [0.3]),
  ]
  expect(values.size).toBe(base.filter(({ dtype }) => dtype === 'F32').length)
  for (const [name, found] of values) expect(found, name).toEqual((/running_/.test(name) ? still : expected).get(name))
})

/** TIES of density k by sorting, theta_pre + lambda tau, in float64 but for theta_pre + tau, which is a float32 model. */
function tiesOf(base: Values, models: Values[], density: number, lambda: number): Values {
  const flat = (of: Values): number[] => [...base.keys()].flatMap((name) => of.get(name) as number[])
  const still = flat(base)
  const taus = models.map((of) => flat(of).map((v, i) => v - (still[i] as number)))
  const trimmed = taus.map((tau) => {
    const sizes = tau.map((v) => Math.fround(Math.abs(v))).sort((a, b) => b - a)
    const least = sizes[Math.ceil(density * sizes.length) - 1] as number
    return tau.map((v) => (Math.fround(Math.abs(v)) >= least ? v : 0))
  })
  const merged = still.map((b, i) => {
    const mass = trimmed.reduce((sum, tau) => sum + (tau[i] as number), 0)
    const agreeing = trimmed.map((tau) => tau[i] as number).filter((v) => v * mass > 0)
    const tau = agreeing.length ? agreeing.reduce((sum, v) => sum + v, 0) / agreeing.length : 0
    return Math.fround(b + lambda * (Math.fround(b + tau) - b))
  })
  let at = 0
  const found: Values = new Map()
  for (const [name, { length }] of base) {
    found.set(name, merged.slice(at, at + length))
    at += length
  }
  return found
}
type Values = Map<string, number[]>

/** From the file's own recipe, whose parents are put in their places. */
async function again(folder: string, file: string, parents: Record<string, string>): Promise<{ sha256: string }> {
  const { metadata } = await look(join(folder, file))
  const recipe = recipeSchema.parse(JSON.parse(metadata['basil.recipe'] ?? ''))
  const placed = <T extends { name: string }>(parent: T) => ({ ...parent, file: parents[parent.name] ?? parent.name })
  return rebuild({
    recipe: { ...recipe, pretrained: placed(recipe.pretrained), vectors: recipe.vectors.map(placed) },
    out: join(folder, 'again.safetensors'),
    overwrite: true,
    form: formSchema.parse({}),
  })
}

test('merge by TIES: CLIP towers, with recipe and card; the recipe gives the same bytes', async () => {
  const folder = temporaryFolder()
  const files = ['pretrained', ...tasks.map((task) => `finetuned-${task}`)].map((name) => `${name}.safetensors`)
  const [pretrained, ...vectors] = files.map((name) => join(golden, name)) as [string, ...string[]]
  const words = ['--pretrained', pretrained, '--vectors', ...vectors, '--out', 'ties.safetensors', '--json']
  const merged = await basil(folder, 'merge', '--method', 'ties', '--density', '0.3', '--coefficient', '1.2', ...words)
  expect(merged).toMatchObject({ code: 0, err: '' })
  const { sha256, card } = JSON.parse(merged.out)
  const models = await Promise.all(vectors.map(valuesOf))
  const expected = tiesOf(await valuesOf(pretrained), models, 0.3, 1.2)
  for (const [name, values] of await valuesOf(join(folder, 'ties.safetensors')))
    expect(values, name).toEqual(expected.get(name))
  const { metadata } = await look(join(folder, 'ties.safetensors'))
  expect(JSON.parse(metadata['basil.recipe'] ?? '')).toMatchObject({
    basil: '2',
    name: '1.2 TIES of 3',
    method: 'ties',
    steps: [{ method: 'ties', parameters: { density: 0.3, output: 'merged' } }],
    start: [[1.2]],
  })
  const text = readFileSync(card, 'utf8')
  expect(text).toMatch(/^tags: \[basil, clip, model-merging, ties\]$/m)
  expect(text).toMatch(/^\| steps \| TIES \(density 0\.3, .*output merged\) \|$/m)
  expect(text).toMatch(/^\| TIES of 3 \| 1\.2000 \| 1\.2000 \| 1\.2000 \|$/m)
  expect(text).toContain(sha256)
  const parents = Object.fromEntries(files.map((name) => [name, join(golden, name)]))
  expect((await again(folder, 'ties.safetensors', parents)).sha256).toBe(sha256)
})

test('merge by TIES: any architecture, by tensor name, a mask of -Infinity kept; a parameter of another merge refused', async () => {
  const folder = temporaryFolder()
  const shapes: Shapes = [
    ['encoder.weight', [30, 20]],
    ['encoder.bias', [30]],
  ]
  const mask = Float32Array.of(0, Number.NEGATIVE_INFINITY)
  const masked = (model: Full[]): Full[] => [
    ...model,
    { name: 'mask', dtype: 'F32', shape: [2], bytes: new Uint8Array(mask.buffer) },
  ]
  const base = filled(shapes, 'F32', 1, true)
  const tuned = [2, 3, 4].map((seed) => moved(base, seed, 0.1))
  const names = ['base', 'one', 'two', 'three'].map((name) => `${name}.safetensors`)
  for (const [i, model] of [base, ...tuned].entries())
    writeFileSync(join(folder, names[i] as string), await written(masked(model)))
  const words = ['--pretrained', names[0] as string, '--vectors', ...names.slice(1), '--out', 'ties.safetensors']
  const merged = await basil(folder, 'merge', '--method', 'ties', ...words, '--json')
  expect(merged).toMatchObject({ code: 0, err: '' })
  const found = await valuesOf(join(folder, 'ties.safetensors'))
  expect(found.get('mask')).toEqual([...mask])
  // the mask counts among the elements, of which the density is a share
  const whole = [base, ...tuned].map((model) => new Map([...plain(model), ['mask', [0, 0]]])) as [Values, ...Values[]]
  const expected = tiesOf(whole[0], whole.slice(1), 0.2, 1)
  for (const [name] of shapes) expect(found.get(name), name).toEqual(expected.get(name))
  const parents = Object.fromEntries(names.map((name) => [name, join(folder, name)]))
  expect((await again(folder, 'ties.safetensors', parents)).sha256).toBe(JSON.parse(merged.out).sha256)

  const trimmed = await basil(folder, 'merge', '--method', 'ties', '--output', 'trimmed', ...words, '--overwrite')
  expect(trimmed).toMatchObject({ code: 0, err: '' })
  expect(readFileSync(join(folder, 'ties.md'), 'utf8')).toMatch(/^\| two\.safetensors, trimmed \| 1\.0000 \|/m)
  expect(await basil(folder, 'merge', '--density', '0.5', ...words)).toMatchObject({
    code: 2,
    err: expect.stringMatching(
      /^Task arithmetic does not take this parameter \(density\): the method has none of this name/,
    ),
  })
  expect(await basil(folder, 'merge', '--method', 'ties', '--density', '2', ...words)).toMatchObject({
    code: 2,
    err: expect.stringMatching(/^TIES does not take this value \(density\)/),
  })
})

test('a merge that waits in the queue gives the bytes of one made at once, with its card; what is in its way is said first', async () => {
  const folder = temporaryFolder()
  const at = (name: string): string => join(golden, `${name}.safetensors`)
  const vectors = tasks.map((task) => at(`finetuned-${task}`))
  const asked = ['--method', 'ties', '--density', '0.3', '--pretrained', at('pretrained'), '--vectors', ...vectors]
  expect(await basil(folder, 'merge', ...asked, '--out', 'at-once.safetensors')).toMatchObject({ code: 0, err: '' })
  const added = await basil(folder, 'queue', 'add', 'merge', ...asked, '--out', 'queued.safetensors', '--json')
  expect(JSON.parse(added.out)).toMatchObject({ kind: 'merge', state: 'waiting', needs: 'reader', position: 1 })
  expect(existsSync(join(folder, 'queued.safetensors'))).toBe(false)
  const taken = await basil(folder, 'queue', 'add', 'merge', ...asked, '--out', 'at-once.safetensors')
  expect([taken.code, taken.err]).toEqual([1, expect.stringContaining('at-once.safetensors')])
  const wrong = await basil(
    folder,
    'queue',
    'add',
    'merge',
    ...asked,
    '--coefficients',
    '1,2,3',
    '--out',
    'x.safetensors',
  )
  expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('The coefficients do not fit the vectors')])
  expect(await basil(folder, 'queue', 'run')).toMatchObject({ code: 0, out: expect.stringContaining('done') })
  const bytes = (name: string): Buffer => readFileSync(join(folder, name))
  expect(bytes('queued.safetensors').equals(bytes('at-once.safetensors'))).toBe(true)
  expect(bytes('queued.md').toString().replaceAll('queued', 'at-once')).toBe(bytes('at-once.md').toString())
})
