// Lineage, exports and paired tests over a real history: the engine is the test double, which writes real files.
import { rmSync } from 'node:fs'

import { expect, test } from 'vitest'

import { overTasks } from '../../../src-main/workbench/runs/paired.ts'
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
