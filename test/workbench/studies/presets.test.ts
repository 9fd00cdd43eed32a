// Presets: with everything at hand each of the paper's tables is a study of sound runs under every protocol, test data
// is only ever opened at the end, and without it everything that is missing is named.
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { call } from '@orpc/server'
import { expect, test } from 'vitest'

import type { Filled } from '../../../src-main/contract/api/studies.ts'
import { resolveConfig } from '../../../src-main/contract/run/resolve.ts'
import { type PlannedRun, parseStudy, plannedRuns } from '../../../src-main/contract/run/study.ts'
import { answerOf } from '../../../src-main/workbench/reading/answer.ts'
import { named, printedFor, readPresets, recomputed } from '../../../src-main/workbench/studies/presets/files.ts'
import { fill } from '../../../src-main/workbench/studies/presets/fill.ts'
import { checkpointsIn, type Inventory, inventoryOf } from '../../../src-main/workbench/studies/presets/inventory.ts'
import { studiesRouter } from '../../../src-main/workbench/studies/router.ts'
import { namedData } from '../../../src-main/worker/data/named-data.ts'
import { temporaryFolder, toyWorkbench } from '../toy.ts'

const presets = readPresets(join(import.meta.dirname, '../../../resources'))
const sets = [
  ...new Set(presets.presets.flatMap((preset) => [...preset.sets, ...(preset.control ? [preset.control] : [])])),
]
const under = (folder: string) => new Map(sets.map((set) => [set, `/${folder}/${set}`]))
const everything: Inventory = {
  model: 'ViT-B-32',
  pretrained: '/zeroshot.pt',
  finetuned: { standard: under('standard'), linear: under('linear'), 'tau-jp': under('tau-jp') },
  heads: under('heads'),
  data: under('data'),
}
const nothing: Inventory = {
  model: 'ViT-B-32',
  pretrained: null,
  finetuned: { standard: new Map(), linear: new Map(), 'tau-jp': new Map() },
  heads: new Map(),
  data: new Map(),
}

function filled(name: string, protocol: string, inventory = everything, seeds = 1): Filled {
  const preset = named('preset', name, Object.fromEntries(presets.presets.map((one) => [one.name, one])))
  return fill(presets, preset, named('protocol', protocol, presets.protocols), inventory, seeds)
}
const runsOf = ({ definition }: Filled): PlannedRun[] => plannedRuns(parseStudy(definition), () => 0)

const cases = presets.presets.flatMap(({ name }) =>
  Object.keys(presets.protocols).map((protocol) => [name, protocol] as const),
)
const runs: Record<string, number> = { T1: 4, T2: 11 * 8, T3: 14, T4: 2 * 22, T5: 19, 'figure-2c': 10 }

test.each(cases)(
  '%s, %s: every run is sound, and no test data is learned on with labels or selects',
  (name, protocol) => {
    const found = filled(name, protocol)
    expect(found.missing).toEqual([])
    const planned = runsOf(found)
    expect(planned).toHaveLength(runs[name] as number)
    expect(found.runs).toBe(planned.length)
    for (const { config } of planned) {
      const { tasks, objective } = resolveConfig(config, (path) => path)
      for (const { data, validation, test, finetuned, aim } of tasks) {
        expect(test).toMatch(/#field-test$/)
        expect(validation === null || /#field-val(\?half=2&seed=0)?$/.test(validation)).toBe(true)
        if (data === test) expect(objective).toBe('ufm')
        else expect(data).toMatch(protocol === 'strict' ? /#field-val\?half=1&seed=0$/ : /#field-val$/)
        expect(finetuned !== null || aim === 'keep').toBe(true)
      }
    }
  },
)

test('strict needs no label of what selects, or learns and selects on different images', () => {
  for (const { name } of presets.presets)
    for (const { config } of runsOf(filled(name, 'strict')))
      for (const { data, validation } of config.tasks) expect(data === validation).toBe(false)
  expect(
    runsOf(filled('T4', 'strict')).every(
      ({ config }) => config.select === 'training-loss' && !config.tasks[0]?.validation,
    ),
  ).toBe(true)
})

test("negation learns with the field's epochs and rates of each data set, its start with those of aTLAS", () => {
  const planned = runsOf(filled('T2', 'strict')).filter(({ part }) => part === 'MNIST')
  const byArm = new Map(planned.map(({ arm, config }) => [arm, resolveConfig(config, (path) => path)]))
  const iterated = byArm.get('sup. standard, aTLAS + DV-BASI')
  expect(iterated?.start).toMatchObject({ method: 'atlas', epochs: 7, learningRate: 0.003 })
  expect(iterated?.iteration).toMatchObject({ method: 'dv-basi', epochs: 15, learningRate: 0.003, patience: 20 })
  expect(byArm.get('sup. linear, aTLAS')).toMatchObject({
    linearised: 'jvp',
    batch: 64,
    start: { epochs: 7, learningRate: 0.003 },
  })
  expect(iterated?.tasks.map(({ name, aim }) => [name, aim])).toEqual([
    ['MNIST', 'forget'],
    ['ImageNet', 'keep'],
  ])
  expect(iterated?.vectors).toEqual(['/standard/MNIST'])
})

test("a set is adapted to by the others' vectors, a single model refined along its own", () => {
  const adapted = runsOf(filled('T4', 'strict')).find(({ part }) => part === 'Cars')
  const resolved = resolveConfig(adapted?.config, (path) => path)
  expect(resolved.vectors).toHaveLength(21)
  expect(resolved.vectors).not.toContain('/standard/Cars')
  expect(resolved).toMatchObject({
    objective: 'ufm',
    ufm: 'corrected',
    start: { epochs: 10, learningRate: 0.001, schedule: 'cosine' },
  })
  const refined = resolveConfig(
    runsOf(filled('T5', 'strict')).find(({ part }) => part === 'Cars')?.config,
    (path) => path,
  )
  expect(refined).toMatchObject({
    vectors: ['/standard/Cars'],
    start: { method: 'checkpoint' },
    tasks: [{ name: 'Cars' }],
    objective: 'cross-entropy',
  })
})

test('methods keep their own settings beside those of others: AdaMerging its rate and clamp, released DV-BASI one coefficient', () => {
  const released = new Map(
    runsOf(filled('T3', 'released')).map(({ arm, config }) => [arm, resolveConfig(config, (path) => path)]),
  )
  expect(released.get('unsup. standard, AdaMerging')?.start).toMatchObject({
    steps: 500,
    learningRate: 0.001,
    initialCoefficient: 0.3,
    clamp: [0, 1],
    clipNorm: null,
    weightDecay: 0,
  })
  expect(released.get('unsup. standard, aTLAS + DV-BASI')).toMatchObject({
    control: 'isotropic',
    select: 'training-loss',
    start: { method: 'atlas', weightDecay: 0.1 },
    iteration: { weightDecay: 0.5, epochs: 120, patience: 10 },
  })
  expect(released.get('sup. linear, aTLAS + DV-BASI')).toMatchObject({
    linearised: 'jvp',
    expansion: 'moved',
    vectors: expect.arrayContaining(['/linear/Cars']),
  })
  expect(released.get('sup. standard, aTLAS + DV-BASI, MOO')?.iteration?.combine).toBe('mgda')
})

test('with nothing at hand everything is named, with the rows that need it', () => {
  const { definition, missing } = filled('T3', 'strict', nothing)
  expect(definition).toBeNull()
  const names = missing.map(({ kind, name }) => `${kind}: ${name}`)
  expect(names).toHaveLength(1 + 8 * 3 + 8 + 8)
  for (const name of [
    'pre-trained: ViT-B-32',
    'fine-tuned: ViT-B-32, SVHN, tau-jp',
    'head: ViT-B-32, Cars',
    'data: DTD',
  ])
    expect(names).toContain(name)
  expect(missing.find(({ name }) => name === 'ViT-B-32, Cars, tau-jp')?.arms).toHaveLength(3)
})

test('what one row lacks leaves the others', () => {
  const found = filled(
    'T3',
    'strict',
    { ...everything, finetuned: { ...everything.finetuned, 'tau-jp': new Map() } },
    3,
  )
  expect(found.missing).toHaveLength(8)
  expect(runsOf(found)).toHaveLength(11 * 3)
})

test('what the paper printed stands with its row, and its means follow from its rows but for the last digit of one', () => {
  const { arms } = parseStudy(filled('T2', 'strict').definition)
  expect(arms.find(({ label }) => label === 'sup. standard, aTLAS + DV-BASI')?.paper).toEqual({
    accuracy: 10.7,
    control: 60.6,
  })
  expect(arms.every(({ paper }) => paper?.control !== undefined)).toBe(true)
  expect(printedFor(presets.paper, 'T5', undefined, 'ViT-B-32')).toEqual({ accuracy: 82.74 })
  expect(printedFor(presets.paper, 'T5', undefined, 'ViT-L-14')).toBeUndefined()
  const [mean] = recomputed(presets.paper)
  for (const [i, printed] of (mean?.printed ?? []).entries()) expect(mean?.ofRows[i]).toBeCloseTo(printed, 1.7)
  expect(mean?.distinct.map((v) => v.toFixed(2))).toEqual(['81.89', '82.62'])
  for (const preset of presets.presets)
    for (const { paper } of preset.arms)
      if (paper) expect(presets.paper.tables[preset.name]?.rows.map(({ row }) => row)).toContain(paper)
})

test("checkpoints are found by the field's folders, data sets by what they are", async () => {
  const home = temporaryFolder()
  const put = (path: string): void => {
    mkdirSync(dirname(join(home, path)), { recursive: true })
    writeFileSync(join(home, path), '')
  }
  for (const path of [
    'ViT-B-32/zeroshot.pt',
    'ViT-B-32/MNISTVal/finetuned.pt',
    'ViT-B-32/MNISTVal/linear_finetuned.pt',
    'ViT-B-32/head_MNISTVal.pt',
  ])
    put(`models/${path}`)
  put('models/ViT-L-14/zeroshot.pt')
  put('models/ViT-L-14/MNISTVal/finetuned.pt')
  put('tau/ViT-B-32/MNISTVal/linear_finetuned.pt')
  put('data/MNIST/raw/train-images-idx3-ubyte')
  put('data/other/readme')
  const found = await inventoryOf(
    'ViT-B-32',
    {
      rows: await checkpointsIn(join(home, 'models')),
      tauJp: await checkpointsIn(join(home, 'tau')),
      data: [join(home, 'data')],
    },
    (folders) => answerOf(namedData(folders)),
  )
  const at = (path: string) => new Map([['MNIST', join(home, path)]])
  expect(found).toEqual({
    model: 'ViT-B-32',
    pretrained: join(home, 'models/ViT-B-32/zeroshot.pt'),
    finetuned: {
      standard: at('models/ViT-B-32/MNISTVal/finetuned.pt'),
      linear: at('models/ViT-B-32/MNISTVal/linear_finetuned.pt'),
      'tau-jp': at('tau/ViT-B-32/MNISTVal/linear_finetuned.pt'),
    },
    heads: at('models/ViT-B-32/head_MNISTVal.pt'),
    data: at('data/MNIST'),
  })
})

test('a window chooses a table, and is told what the library and the data sets lack for it', async () => {
  const home = temporaryFolder()
  cpSync(join(import.meta.dirname, '../../../resources/presets'), join(home, 'presets'), { recursive: true })
  mkdirSync(join(home, 'models/ViT-B-32/MNISTVal'), { recursive: true })
  for (const name of ['zeroshot', 'finetuned', 'linear_finetuned'])
    writeFileSync(join(home, `models/ViT-B-32/MNISTVal/${name}.pt`), name)
  const workbench = await toyWorkbench(home)
  await workbench.library.add([join(home, 'models')])
  const router = studiesRouter(workbench)
  const listed = await call(router.presets, undefined)
  expect(listed.presets.map(({ name }) => name)).toEqual(['T1', 'T2', 'T3', 'T4', 'T5', 'figure-2c'])
  expect(listed.protocols.map(({ name }) => name)).toEqual(['strict', 'paper', 'released'])
  expect(listed.models).toEqual(['ViT-B-32'])
  const { definition, missing, runs } = await call(router.fill, { name: 'T3' })
  expect([definition, runs]).toEqual([null, 14])
  const names = missing.map(({ kind, name }) => `${kind}: ${name}`)
  for (const there of ['pre-trained: ViT-B-32', 'fine-tuned: ViT-B-32, MNIST', 'fine-tuned: ViT-B-32, MNIST, linear'])
    expect(names).not.toContain(there)
  for (const gone of ['fine-tuned: ViT-B-32, MNIST, tau-jp', 'head: ViT-B-32, MNIST', 'data: MNIST'])
    expect(names).toContain(gone)
  await expect(call(router.fill, { name: 'T9' })).rejects.toThrow('There is no such preset')
})
