// What is known of a run at work besides what the history keeps: for whoever watches it, and for whoever comes late.
import { appendFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import type { RunEvent } from '../../../src-main/contract/run/run.ts'
import { openJournal } from '../../../src-main/workbench/runs/journal.ts'
import { run as detail } from '../../renderer/run-fixture.ts'
import { follow, temporaryFolder, toyConfig, toyEngine, toyWorkbench } from '../toy.ts'

type Epoch = Extract<RunEvent, { type: 'epoch' }>

test('who comes late finds the log, the norms of gradients and the last pulse; another sitting finds the first two', async () => {
  const folder = temporaryFolder()
  const gate = join(folder, 'goes-on')
  const toy = { pulse: true, until: gate } // its first epoch ends when we say so
  const workbench = await toyWorkbench(folder, (environment) => toyEngine(toy, environment))
  const run = await workbench.runs.start(toyConfig())
  const first: RunEvent[] = []
  for await (const event of workbench.runs.watch(run)) {
    first.push(event)
    if (event.type === 'pulse' && workbench.runs.show(run).log?.length === 4) break // those before are of the opening
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
  expect(after.log?.slice(0, 2).map(({ what }) => what)).toEqual(['Started.', 'Opened 3 files on toy.'])
  expect(after.log?.at(-1)).toEqual({ at: expect.stringMatching(/^\d{4}-/), what: 'The run ended: stopped.' })
  expect(after.start?.epochs[1]?.gradients).toEqual(epochs.find(({ epoch }) => epoch === 1)?.gradients)
  expect(after.start?.epochs[0]?.gradients).toBeUndefined() // before the first step there is none
  await workbench.close()
  const second = await toyWorkbench(folder)
  expect(second.runs.show(run)).toEqual(after)
})

test('a run that goes on after a restart goes on with its log, and what it learned so far keeps its gradients', async () => {
  const folder = temporaryFolder()
  const gate = join(folder, 'goes-on')
  const toy = { pulse: true, holds: { stage: 1, until: gate } }
  const first = await toyWorkbench(folder, (environment) => toyEngine(toy, environment))
  const run = await first.runs.start(toyConfig())
  for await (const event of first.runs.watch(run)) if (event.type === 'stage' && event.stage === 1) break
  const before = first.runs.show(run)
  await first.close()
  appendFileSync(gate, '')
  const second = await toyWorkbench(folder, (environment) => toyEngine(toy, environment))
  expect(second.runs.show(run)).toMatchObject({ state: 'interrupted', start: before.start })
  await second.runs.resume(run)
  await follow(second, run)
  const { log = [], start, iterations } = second.runs.show(run)
  expect(log.slice(0, before.log?.length)).toEqual(before.log)
  expect(log.map(({ what }) => what)).toEqual(
    expect.arrayContaining(['The run ended: interrupted.', 'Went on after its last kept epoch.', 'The run is done.']),
  )
  expect([start, ...iterations].every((stage) => stage?.epochs[1]?.gradients?.length === 3)).toBe(true)
  expect(second.care.trash([run]).done).toEqual([run])
  expect([existsSync(join(folder, 'logs', `run-${run}.jsonl`)), second.care.emptyTrash()]).toEqual([true, 1])
  expect(existsSync(join(folder, 'logs', `run-${run}.jsonl`))).toBe(false)
})

test('a log is of one run: one of its number and another beginning, and half a line, are passed by', () => {
  const folder = temporaryFolder()
  const [run, entry] = [detail(), { at: null, what: 'Something.' }]
  const journal = openJournal(folder, run)
  expect(journal.kept()).toEqual([])
  journal.add(entry)
  appendFileSync(join(folder, 'logs', `run-${run.run}.jsonl`), '{"at": null, "wh')
  const again = openJournal(folder, run)
  again.add(entry)
  expect(again.kept()).toEqual([entry, entry])
  const other = openJournal(folder, { ...run, times: { ...run.times, created: '2020-01-01T00:00:00.000Z' } })
  expect(other.kept()).toEqual([])
  other.add(entry)
  expect([other.kept().length, again.kept()]).toEqual([1, []])
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
