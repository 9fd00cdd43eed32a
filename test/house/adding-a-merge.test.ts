// "A merge is a card, its mathematics and a line in each list" is held to by adding two, from here alone: one that
// takes the task vectors a slice at a time and has to know something of the whole models first, and one that takes two
// models without a base, a tensor at a time, and gives the whole model. Each is found in the terminal's help, its
// parameters are checked, a file is written with recipe and card, and that recipe gives the same bytes. And no other
// source names a merge there is.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

import type { MergeClient } from '../../src-main/cli/merge.ts'
import type { MergeCard } from '../../src-main/contract/merges/card.ts'
import { openTensorFile } from '../../src-main/engine/formats/open.ts'
import { hashFile } from '../../src-main/files/hash.ts'
import { openSource } from '../../src-main/files/source.ts'
import { written } from '../engine/formats/bytes.ts'
import { loudCard, loudest, midway, midwayCard, normOf } from './toy-merges.ts'

const root = join(import.meta.dirname, '..', '..')

const size = 300_000 // more than one slice
const values = (seed: number, n: number): Float32Array =>
  Float32Array.from({ length: n }, (_, i) => Math.sin(seed * i + seed))
const model = (seed: number): Map<string, Float32Array> =>
  new Map([
    ['w', values(seed, size)],
    ['b', values(seed + 7, 5)],
  ])
const models = { base: model(1), one: model(2), two: model(3) }

const folder = mkdtempSync(join(tmpdir(), 'basil-adding-a-merge-'))
const place = (name: string): string => join(folder, name)
let before: readonly string[] = []

beforeAll(async () => {
  for (const [name, tensors] of Object.entries(models)) {
    const full = [...tensors].map(([of, v]) => ({
      name: of,
      dtype: 'F32' as const,
      shape: [v.length],
      bytes: new Uint8Array(v.buffer),
    }))
    writeFileSync(place(`${name}.safetensors`), await written(full))
  }
  const [cards, mathematics] = [
    await vi.importActual<{ merges: MergeCard[] }>('../../src-main/contract/merges/index.ts'),
    await vi.importActual<{ merges: unknown[] }>('../../src-main/engine/merging/index.ts'),
  ]
  before = cards.merges.map(({ name }) => name)
  vi.resetModules()
  vi.doMock('../../src-main/contract/merges/index.ts', () => ({ merges: [...cards.merges, loudCard, midwayCard] }))
  vi.doMock('../../src-main/engine/merging/index.ts', () => ({ merges: [...mathematics.merges, loudest, midway] }))
})
afterAll(() => {
  vi.doUnmock('../../src-main/contract/merges/index.ts')
  vi.doUnmock('../../src-main/engine/merging/index.ts')
  vi.resetModules()
  rmSync(folder, { recursive: true })
})

/** The command as the terminal has it, with the engine in this process. */
async function basilMerge(...words: string[]): Promise<string> {
  const { mergeCommand } = await import('../../src-main/cli/merge.ts')
  const { rebuild } = await import('../../src-main/worker/rebuild.ts')
  const { look } = await import('../../src-main/worker/inspect.ts')
  const { mergePlan } = await import('../../src-main/worker/merge-plan.ts')
  const { mergeReport } = await import('../../src-main/worker/merge-report.ts')
  const { recipeSchema } = await import('../../src-main/contract/run/recipe.ts')
  const { formSchema } = await import('../../src-main/contract/checkpoint.ts')
  const client: MergeClient = {
    mergePlan: (request) =>
      mergePlan({ recipe: recipeSchema.parse(request.recipe), form: formSchema.parse(request.form) }),
    mergeReport: async (request) => mergeReport(request),
    look: ({ file }) => look(file),
    collect: () => Promise.reject(new Error('a toy looks at no images')),
    rebuild: (request) =>
      rebuild({ ...request, recipe: recipeSchema.parse(request.recipe), form: formSchema.parse(request.form) }),
  }
  const command = mergeCommand({
    resources: join(root, 'resources'),
    withEngine: (_, act) => act({ ask: (question) => question(client), close: async () => undefined }),
    kept: (_, work) => work(),
  })
  let said = ''
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said += text
    return true
  })
  try {
    for (const one of [command, ...command.commands]) one.exitOverride().configureOutput({ writeErr: () => undefined })
    await command.parseAsync(words, { from: 'user' })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'commander.helpDisplayed')) throw error
  } finally {
    write.mockRestore()
  }
  return said
}

async function readBack(path: string): Promise<{ tensors: Map<string, Float32Array>; recipe: unknown }> {
  const source = await openSource(path)
  const file = await openTensorFile(source)
  const tensors = new Map<string, Float32Array>()
  for (const name of file.tensors.keys()) tensors.set(name, new Float32Array((await file.read(name)).slice().buffer))
  await source.close()
  return { tensors, recipe: JSON.parse(file.metadata['basil.recipe'] ?? 'null') }
}

/** The file's own recipe, with its files put in their places, once more. */
async function again(recipe: unknown): Promise<string> {
  const { recipeSchema } = await import('../../src-main/contract/run/recipe.ts')
  const { rebuild } = await import('../../src-main/worker/rebuild.ts')
  const { formSchema } = await import('../../src-main/contract/checkpoint.ts')
  const read = recipeSchema.parse(recipe)
  const here = (parent: typeof read.pretrained) => ({ ...parent, file: place(parent.name) })
  const placed = { ...read, pretrained: here(read.pretrained), vectors: read.vectors.map(here) }
  const out = place('again.safetensors')
  return (await rebuild({ recipe: placed, out, overwrite: true, form: formSchema.parse({}) })).sha256
}

const parents = [
  '--pretrained',
  place('base.safetensors'),
  '--vectors',
  place('one.safetensors'),
  place('two.safetensors'),
]

describe('a merge that was added', () => {
  test('is in the help, with its parameters, and explained', async () => {
    const help = await basilMerge('--help')
    expect(help).toMatch(/^ {2}toy-loudest +Takes of every element the largest, of vectors brought to one norm$/m)
    expect(help).toMatch(/--gain <value> +Toy loudest: of the loudest \(above 0, at most 4;\s+default 1\)/)
    expect(help).toMatch(/--go-where <value> +Toy midway: 0: the first \(default 0.5\)/)
    for (const name of before) expect(help).toMatch(new RegExp(`^  ${name} +\\S`, 'm'))
    const told = await basilMerge('methods', 'toy-midway')
    expect(told).toMatch(
      /^Toy midway: Goes a way.*\n.*θ = .*\n {2}of 2 models\n {2}--go-where: 0: the first \(default 0.5\)$/m,
    )
    expect(JSON.parse(await basilMerge('methods', 'toy-loudest', '--json'))).toMatchObject([
      { name: 'toy-loudest', parameters: [{ name: 'gain', type: 'number', default: 1, maximum: 4 }] },
    ])
  })

  test('has its parameters and its inputs checked, before any file is read', async () => {
    const refused = (...words: string[]) =>
      basilMerge(...words, '--out', place('never.safetensors')).then(
        () => expect.fail('it was merged'),
        (error) => error.record,
      )
    const loud = [...parents, '--method', 'toy-loudest']
    expect(await refused(...loud, '--gain', '5')).toMatchObject({ code: 'config-invalid', where: 'gain' })
    expect(await refused(...loud, '--gain', 'loud')).toMatchObject({ code: 'config-invalid', where: 'gain' })
    expect(await refused(...loud, '--go-where', '1')).toMatchObject({ where: 'goWhere' })
    expect(await refused(...loud.slice(2))).toMatchObject({ what: 'Toy loudest needs the pre-trained model' })
    expect(await refused(...loud, '--coefficients', '1,2')).toMatchObject({
      why: 'there is 1 vector, and 2 coefficients',
    })
    const midway = ['--method', 'toy-midway', '--vectors', place('one.safetensors')]
    expect(await refused(...midway)).toMatchObject({ why: 'there is 1, it takes 2' })
    expect(await refused(...midway, place('two.safetensors'), '--coefficient', '2')).toMatchObject({
      what: 'Toy midway takes no coefficient',
    })
    expect(await refused(...midway, ...parents)).toMatchObject({ what: 'Toy midway needs no pre-trained model' })
  })

  test('is written by slices, with recipe and card, and its recipe gives the same bytes', async () => {
    const out = place('loudest.safetensors')
    await basilMerge(...parents, '--method', 'toy-loudest', '--gain', '3', '--out', out)
    const { tensors, recipe } = await readBack(out)
    const step = { method: 'toy-loudest', parameters: { gain: 3 } }
    expect(recipe).toMatchObject({ basil: '2', run: null, steps: [step], start: [[0.5]] })
    const { effectiveCoefficients } = await import('../../src-main/contract/run/coefficients.ts')
    const { recipeSchema } = await import('../../src-main/contract/run/recipe.ts')
    expect(effectiveCoefficients(recipeSchema.parse(recipe))).toMatchObject([{ name: 'Toy loudest of 2' }])
    const taus = [models.one, models.two].map(
      (of) =>
        new Map(
          [...of].map(([name, v]) => [
            name,
            Float64Array.from(v, (x, i) => x - (models.base.get(name)?.[i] as number)),
          ]),
        ),
    )
    const norms = taus.map((tau) => normOf([...tau.values()].flatMap((v) => [...v])))
    for (const [name, base] of models.base) {
      const expected = base.map(
        (v, i) =>
          v + 0.5 * Math.max(...taus.map((tau, t) => (3 * (tau.get(name)?.[i] as number)) / (norms[t] as number))),
      )
      expect(tensors.get(name)?.every((v, i) => Math.abs(v - (expected[i] as number)) <= 2e-7)).toBe(true)
    }
    const card = readFileSync(place('loudest.md'), 'utf8')
    expect(card).toMatch(/^tags: \[basil, model-merging, toy-loudest\]$/m)
    expect(card).toMatch(/^\| steps \| Toy loudest \(gain 3\) \|$/m)
    expect(card).toMatch(/^\| pre-trained \| base\.safetensors \|/m)
    expect(await again(recipe)).toBe((await hashFile(out)).sha256)
  })

  test('is written whole and without a base, with recipe and card, and its recipe gives the same bytes', async () => {
    const out = place('midway.safetensors')
    const two = [place('one.safetensors'), place('two.safetensors')]
    await basilMerge('--method', 'toy-midway', '--go-where', '0.25', '--vectors', ...two, '--out', out)
    const { tensors, recipe } = await readBack(out)
    expect(recipe).toMatchObject({ steps: [{ method: 'toy-midway', parameters: { goWhere: 0.25 } }], start: [[1]] })
    for (const [name, a] of models.one) {
      const mixed = Float64Array.from(a, (v, i) => 0.75 * v + 0.25 * (models.two.get(name)?.[i] as number))
      const scale = normOf(a) / normOf(mixed)
      const expected = Float32Array.from(mixed, (v) => scale * v)
      expect(tensors.get(name)?.every((v, i) => Math.abs(v - (expected[i] as number)) <= 2e-7)).toBe(true)
    }
    const card = readFileSync(place('midway.md'), 'utf8')
    expect(card).toMatch(/merged out of 2 models by Toy midway, without training/)
    expect(card).not.toMatch(/\| pre-trained \|/)
    expect(await again(recipe)).toBe((await hashFile(out)).sha256)
  })
})

/** Of runs, which have learned methods of the same names; and the list of another program's methods. */
const learned =
  /^src-main\/(contract\/methods|engine\/learning|bench)\/|^src-main\/cli\/demo[\w-]*\.ts$|\/export\/mergekit\/methods\.ts$/

/** The command `basil bases` measures what the merge of that name leaves. */
const command = /^src-main\/(cli|contract|worker)[\w/.-]*: bases$/

test('a merge is named by no other source than its pages and the lists', async () => {
  const { filesOf } = (await import(join(root, 'build', 'sources.mjs'))) as { filesOf(...of: string[]): string[] }
  expect(before.length).toBeGreaterThan(2)
  const found = filesOf('src-main', 'src-renderer')
    .filter((file) => /\.(ts|svelte)$/.test(file) && !learned.test(file))
    .flatMap((file) => {
      const text = readFileSync(join(root, file), 'utf8')
      const names = before.filter((name) =>
        new RegExp(`['"\`]${name}['"\`]|(merges/|merging/|'\\./)([\\w-]+/)?${name}\\.ts'`).test(text),
      )
      return names.map((name) => `${file}: ${name}`)
    })
  const isOwn = /^src-main\/(contract\/merges|engine\/merging)\/(.+\/)?(index|[\w-]+)\.ts: ([\w-]+)$/
  const others = found.filter((place) => {
    if (command.test(place)) return false
    const [, , , page, name] = isOwn.exec(place) ?? ['', '', '', 'another', '']
    return page !== 'index' && page !== name
  })
  expect(others).toEqual([
    'src-main/contract/run/recipe.ts: ties', // recipes of the first form, which have these two for ever
    'src-main/contract/run/recipe.ts: random-parts',
    'src-main/engine/datasets/sources/list-file.ts: lines', // of a list of images, no merge
    ...[
      'src-main/workbench/jobs/index.ts', // of the kind of job that makes bases
      'src-main/workbench/jobs/kinds/bases.ts',
      'src-main/workbench/merges/derive.ts',
      'src-renderer/pages/library/Derive.svelte',
    ].map((file) => `${file}: bases`),
  ])
})
