// Lineage, exports and paired tests over a real history: the engine is the test double, which writes real files.
import { rmSync } from 'node:fs'

import { expect, onTestFinished, test } from 'vitest'

import { type EvaluationReport, evaluationRequestSchema } from '../../../src-main/contract/api/evaluations.ts'
import { bytes, type RunId, sha256 } from '../../../src-main/contract/branded.ts'
import type { Recipe } from '../../../src-main/contract/run/recipe.ts'
import { createEvaluation, putReport } from '../../../src-main/history/evaluations.ts'
import { addEntries, putFacts, putHash } from '../../../src-main/history/library/entries.ts'
import { openHistory } from '../../../src-main/history/open.ts'
import type { History } from '../../../src-main/history/statement.ts'
import { recipeOf } from '../../../src-main/workbench/export/recipe.ts'
import { lineageOf } from '../../../src-main/workbench/lineage/graph.ts'
import { overTasks, pairedRuns } from '../../../src-main/workbench/runs/paired.ts'
import { follow, temporaryFolder, toyConfig, toyWorkbench } from '../toy.ts'

test('a run stands between the models it was made of and those made of it; what was written is remembered with its hash', async () => {
  const workbench = await toyWorkbench(temporaryFolder())
  const run = await workbench.runs.start(toyConfig())
  await follow(workbench, run)
  const before = workbench.lineage.of({ run })
  expect(before.nodes.map((n) => [n.kind, n.name]).sort()).toEqual([
    ['model', 'base.safetensors'],
    ['model', 'cars.safetensors'],
    ['model', 'dtd.safetensors'],
    ['run', 'toy run'],
  ])
  expect(before.nodes.filter((n) => n.kind === 'model').map(({ state }) => state)).toEqual([
    'missing',
    'missing',
    'missing',
  ])
  expect(before.edges.map(({ from, to, as }) => [from.startsWith('sha of'), to, as])).toEqual([
    [true, `run ${run}`, 'pretrained'],
    [true, `run ${run}`, 'vector'],
    [true, `run ${run}`, 'vector'],
  ])
  expect(workbench.lineage.written(run)).toEqual([])

  const { file, sha256 } = await workbench.exports.export(run, { iteration: null }, null)
  expect(workbench.lineage.written(run)).toMatchObject([{ file, sha256, iteration: null, isThere: true, entry: null }])
  rmSync(file)
  expect(workbench.lineage.written(run)).toMatchObject([{ file, sha256, isThere: false }])
})

test('runs are compared with the first over the tasks that both measured, or it is said why not', async () => {
  const workbench = await toyWorkbench(temporaryFolder())
  const runs = []
  for (const seed of [1, 2]) {
    const run = await workbench.runs.start(toyConfig({ seed }))
    await follow(workbench, run)
    runs.push(run)
  }
  const [paired] = workbench.lineage.paired(runs)
  expect(paired).toMatchObject({ run: runs[1], tasks: 2, images: [] })
  expect(paired?.why === '').toBe(paired?.p !== null)

  const measured = (accuracies: number[], evaluatedOn: 'test' | 'training' | null = 'test') => ({
    evaluatedOn,
    tasks: Object.fromEntries(accuracies.map((accuracy, i) => [`t${i}`, { accuracy, relativeAccuracy: null }])),
  })
  const first = measured([0.5, 0.6, 0.7])
  // differences 0.1, 0.2, 0.15: t = 0.15 / (0.05 / sqrt 3), 2 degrees of freedom
  const found = overTasks(first, measured([0.6, 0.8, 0.85]))
  expect(found).toMatchObject({ tasks: 3, why: '' })
  expect([found.difference, found.p].map((v) => v?.toFixed(4))).toEqual(['0.1500', '0.0351'])
  expect(
    overTasks(
      first,
      measured(
        [0.6, 0.7, 0.8].map((v) => Number(v.toFixed(1))),
        'training',
      ),
    ).why,
  ).toContain('on test data, the other on training data')
  expect(overTasks(first, measured([], null)).why).toContain('no final evaluation')
  expect(overTasks(first, measured([0.9])).why).toContain('one task in common')
  expect(overTasks(measured([0.25, 0.5]), measured([0.5, 0.75])).why).toContain('alike')
})

/** Toy runs that are over, and the history they are in. */
async function overRuns(count: number): Promise<{ history: History; runs: RunId[] }> {
  const home = temporaryFolder()
  const workbench = await toyWorkbench(home)
  const runs: RunId[] = []
  for (let seed = 0; seed < count; seed++) {
    runs.push(await workbench.runs.start(toyConfig({ seed })))
    await follow(workbench, runs[seed] ?? expect.fail('no run'))
  }
  await workbench.close()
  const history = await openHistory(home)
  onTestFinished(() => history.close())
  return { history, runs }
}

/** A row of the library that says it was made by this recipe; no file lies there. */
function shelved(history: History, path: string, hash: string, recipe: Recipe): number {
  const place = { path, target: path, parts: [], bytes: bytes(10), modified: 0, quick: hash }
  const [id = 0] = addEntries(history, [place], new Date(0))
  const facts = {
    format: 'safetensors',
    layout: 'open_clip' as const,
    architecture: null,
    role: 'merged' as const,
    dtype: 'F32',
  }
  const metadata = { 'basil.recipe': JSON.stringify(recipe) }
  putFacts(history, id, { file: path, bytes: 10, ...facts, tensors: [], blocks: 1, parameters: 1, metadata })
  putHash(history, id, sha256(hash))
  return id
}

test('a merge of a run’s model stands behind it, and from there all leads back to the pre-trained model', async () => {
  const {
    history,
    runs: [run = expect.fail('no run')],
  } = await overRuns(1)
  const recipe = recipeOf(history, run, null)
  shelved(history, '/gone/made.safetensors', 'a1'.repeat(32), recipe)
  const parent = { file: '', name: 'made.safetensors', sha256: sha256('a1'.repeat(32)) }
  const merged = shelved(history, '/gone/merged.safetensors', 'b2'.repeat(32), {
    ...recipe,
    run: null,
    vectors: [parent],
  })
  const { nodes, edges, root } = lineageOf(history, { id: merged })
  expect(root).toBe('b2'.repeat(32))
  const name = new Map(nodes.map((node) => [node.key, node.name]))
  expect(edges.map(({ from, to, as }) => `${name.get(from)} > ${name.get(to)}, ${as}`).sort()).toEqual([
    'base.safetensors > merged.safetensors, pretrained',
    'base.safetensors > toy run, pretrained',
    'cars.safetensors > toy run, vector',
    'dtd.safetensors > toy run, vector',
    'made.safetensors > merged.safetensors, vector',
    'toy run > made.safetensors, iteration 2',
  ])
  const onwards = lineageOf(history, { run })
  expect(onwards.nodes.map((node) => node.name)).toEqual(
    expect.arrayContaining(['made.safetensors', 'merged.safetensors']),
  )
})

test('two runs that an evaluation had on the same images are compared image by image, whichever came first', async () => {
  const {
    history,
    runs: [first = expect.fail('no run'), second = expect.fail('no run')],
  } = await overRuns(2)
  const model = (run: RunId) => ({
    ...{ name: `run ${run}`, run, iteration: 2, file: null, sha256: null, linearised: false },
    ...{ architecture: 'ViT-B/32', accuracy: 0.5, relativeAccuracy: null },
  })
  const task = { name: 'cars', data: 'd', head: 'h', classes: null, images: null, reference: null, results: [] }
  const report: EvaluationReport = {
    split: 'test',
    models: [model(second), model(first)],
    tasks: [{ ...task, mcnemar: { onlyFirst: 9, onlySecond: 1, statistic: null, p: 0.021 } }],
  }
  const request = evaluationRequestSchema.parse({
    models: report.models.map(({ name }) => ({ name, from: { file: name } })),
    tasks: [{ name: 'cars', data: 'd', head: 'h' }],
    split: 'test',
  })
  const evaluation = createEvaluation(history, request, new Date(0))
  putReport(history, evaluation, report)
  const [paired] = pairedRuns(history, [first, second])
  expect(paired?.images).toEqual([{ evaluation, task: 'cars', onlyFirst: 1, onlySecond: 9, p: 0.021 }])
})
