// What is known of a run at work besides what the history keeps: for whoever watches it, and for whoever comes late.
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import type { RunEvent } from '../../../src-main/contract/run/run.ts'
import { createWitness } from '../../../src-main/workbench/runs/witness.ts'
import { epoch as at } from '../../history/rows.ts'
import { run as detail } from '../../renderer/run-fixture.ts'
import { follow, temporaryFolder, toyConfig, toyEngine, toyWorkbench } from '../toy.ts'

type Epoch = Extract<RunEvent, { type: 'epoch' }>

test('who comes late finds the log, the norms of gradients and the last pulse; none of it is kept', async () => {
  const folder = temporaryFolder()
  const gate = join(folder, 'goes-on')
  const toy = { pulse: true, until: gate } // its first epoch ends when we say so
  const workbench = await toyWorkbench(folder, (environment) => toyEngine(toy, environment))
  const run = await workbench.runs.start(toyConfig())
  const first: RunEvent[] = []
  for await (const event of workbench.runs.watch(run)) {
    first.push(event)
    if (event.type === 'pulse') break
  }
  expect(first.at(-1)).toMatchObject({ pace: { stage: 0, step: 0 }, memory: { device: { of: 2 ** 30 } } })
  const late = await workbench.runs.watch(run).next()
  const events = follow(workbench, run)
  expect(late.value).toMatchObject({ type: 'started' })
  expect(workbench.runs.show(run).log?.map(({ what }) => what)).toEqual([
    'Started.',
    'Opened 3 files on toy.',
    expect.stringMatching(/^Measured the pre-trained model on test data: mean accuracy/),
    'The start began, toy: up to 3 epochs of 3 steps.',
  ])
  await workbench.runs.stop(run)
  expect(workbench.runs.show(run).log?.at(-1)?.what).toMatch(/^Asked to stop/)
  appendFileSync(gate, '')
  const told = await events
  const epochs = told.filter((event): event is Epoch => event.type === 'epoch')
  expect(told.find(({ type }) => type === 'pulse')).toBeDefined() // its newest was waiting for who came late
  expect(epochs.find(({ epoch }) => epoch === 1)?.gradients).toHaveLength(3)
  const after = workbench.runs.show(run)
  expect(after.log).toBeUndefined()
  expect(after.start?.epochs.every(({ gradients }) => gradients === undefined)).toBe(true)
})

test('norms of gradients are shown with the epochs that they are of', () => {
  const witness = createWitness(detail(), () => 0)
  const told = { ...at(1, 1), run: detail().run, gradients: [0.5, 0.25] }
  witness.told({ type: 'epoch', ...told })
  const shown = witness.seen(detail())
  expect(shown.iterations[0]?.epochs.map(({ gradients }) => gradients)).toEqual([undefined, [0.5, 0.25], undefined])
  expect(shown.start?.epochs.some(({ gradients }) => gradients)).toBe(false)
})

test('the time that is left is told with each epoch, in the history and in the stream', async () => {
  const workbench = await toyWorkbench(temporaryFolder(), (environment) =>
    toyEngine({ pulse: true, wait: 20 }, environment),
  )
  const run = await workbench.runs.start(toyConfig())
  const told = (await follow(workbench, run)).filter((event): event is Epoch => event.type === 'epoch')
  const late = told.filter(({ stage, epoch }) => stage > 0 || epoch > 1)
  expect(late.every(({ remainingSeconds }) => (remainingSeconds ?? 0) >= 1)).toBe(true)
  const { start, iterations } = workbench.runs.show(run)
  const kept = [start, ...iterations].flatMap((stage) => stage?.epochs ?? [])
  expect(kept.map(({ remainingSeconds }) => remainingSeconds)).toEqual(
    told.map(({ remainingSeconds }) => remainingSeconds),
  )
})

test('the path of a run has a place for every look, and begins in the origin', async () => {
  const workbench = await toyWorkbench(temporaryFolder())
  const run = await workbench.runs.start(toyConfig())
  await follow(workbench, run)
  const { points, shares } = workbench.runs.path(run)
  expect(points.map(({ stage, epoch }) => `${stage} ${epoch}`)).toEqual(
    [0, 1, 2].flatMap((stage) => [0, 1, 2, 3].map((epoch) => `${stage} ${epoch}`)),
  )
  expect(points[0]).toEqual({ stage: 0, epoch: 0, x: 0, y: 0 })
  expect(points.at(-1)?.x).toBeGreaterThan(0)
  expect(shares[0]).toBeGreaterThanOrEqual(shares[1])
  expect(shares[0] + shares[1]).toBeLessThanOrEqual(1 + 1e-9)
  expect(() => workbench.runs.path((run + 1) as typeof run)).toThrow(/no such run/i)
})
