// What a run says of its images is kept with it: which they were, what could not be read, when test data was opened,
// how long pixels were waited for; and a run whose test images had been seen before carries that as a mark into every
// list. Of tensor files as of data sets.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { detailLines, summaryLine } from '../../../src-main/cli/print.ts'
import type { RunId } from '../../../src-main/contract/branded.ts'
import { leakReason } from '../../../src-main/contract/data/leaks.ts'
import type { ResolvedConfig } from '../../../src-main/contract/run/config.ts'
import { resolveConfig } from '../../../src-main/contract/run/resolve.ts'
import { type EngineEvent, type RunDetail, runDetailSchema } from '../../../src-main/contract/run/run.ts'
import { type Backend, openBackend } from '../../../src-main/engine/devices/backend.ts'
import { run as working } from '../../../src-main/engine/runs/run.ts'
import { hashFile } from '../../../src-main/files/hash.ts'
import { openSource } from '../../../src-main/files/source.ts'
import { runDetail } from '../../../src-main/history/detail.ts'
import { openingsOf } from '../../../src-main/history/evaluations.ts'
import { listRuns } from '../../../src-main/history/listing/list.ts'
import { openHistory } from '../../../src-main/history/open.ts'
import { createRun, reviveRun } from '../../../src-main/history/runs.ts'
import type { History } from '../../../src-main/history/statement.ts'
import { keepEvent } from '../../../src-main/workbench/runs/keep.ts'
import { goldenExample, folder as models } from '../../golden/fixture.ts'

let backend: Backend
let history: History
const home = mkdtempSync(join(tmpdir(), 'basil-records-'))
beforeAll(async () => {
  backend = await openBackend({ prefer: 'wasm', threads: 1 })
  history = await openHistory(home)
})
afterAll(() => {
  backend.close()
  history.close()
  rmSync(home, { recursive: true, force: true })
})

const images = (options: string): string => `tasks.safetensors#alpha${options}`
const named = (options: string): string => join(models, images(options))

function config(data: string, test: string, change: object = {}, validation?: string): ResolvedConfig {
  const { start: _start, iterations: _iterations, ...example } = goldenExample
  const chosenBy = validation === undefined ? {} : { validation: images(validation) }
  const tasks = [
    { name: 'alpha', head: 'tasks.safetensors#head.alpha', data: images(data), test: images(test), ...chosenBy },
  ]
  return resolveConfig({ ...example, method: 'atlas', steps: 1, tasks, ...change }, (path) => join(models, path))
}

async function* events(of: ResolvedConfig): AsyncGenerator<EngineEvent> {
  const signal = new AbortController().signal
  yield* working(of, {
    backend,
    open: openSource,
    hash: hashFile,
    resume: null,
    parents: [],
    stopping: () => false,
    signal,
  })
}

const at = (minute: number): Date => new Date(Date.UTC(2026, 10, 22, 8, minute))

/** Runs into history, an event a minute. */
async function kept(of: ResolvedConfig): Promise<{ run: RunId; told: EngineEvent[]; detail: RunDetail }> {
  const run = createRun(history, of, at(0))
  const told: EngineEvent[] = []
  for await (const event of events(of)) {
    keepEvent(history, run, event, 0, at(told.length))
    told.push(event)
  }
  return { run, told, detail: runDetailSchema.parse(runDetail(history, run)) }
}

test('halves of a tensor file share nothing: two manifests, one opening of the test half behind all learning, no mark', async () => {
  const { told, detail } = await kept(config('?half=1&seed=3', '?half=2&seed=3'))
  const [learning, tested] = detail.data
  expect(detail.data.map(({ task, split, shared }) => ({ task, split, shared }))).toEqual([
    { task: 'alpha', split: 'training', shared: [] },
    { task: 'alpha', split: 'test', shared: [] },
  ])
  expect(tested).toMatchObject({
    source: 'tensor file',
    of: 'alpha',
    drawn: expect.stringMatching(/half 2 of 2.*seed 3/),
    skippedCount: 0,
  })
  expect((learning?.count ?? 0) + (tested?.count ?? 0)).toBe(tested?.available)
  expect(tested?.perClass.reduce((a, b) => a + b, 0)).toBe(tested?.count)
  expect(new Set([learning?.indices, tested?.indices, learning?.pixels, tested?.pixels]).size).toBe(4)
  const opening = told.findIndex(({ type }) => type === 'opening')
  expect(opening).toBeGreaterThan(told.findLastIndex(({ type }) => type === 'stage-end'))
  // on record first
  expect(told.findIndex((e) => e.type === 'data' && e.data.split === 'test')).toBeGreaterThan(opening)
  expect(detail.openings).toEqual([
    { task: 'alpha', images: named('?half=2&seed=3'), opened: at(opening).toISOString() },
  ])
  const finished = told.at(-1)
  expect(finished?.type === 'finished' && detail.dataWait).toEqual({
    seconds: finished?.type === 'finished' && finished.dataWaitSeconds,
    of: finished?.type === 'finished' && finished.seconds,
  })
  expect(detail.leaks).toEqual([])
  expect(summaryLine(detail)).not.toContain('!')
})

test('test images that were learned on or chosen by are a mark in the list, in the detail and in a terminal, with its reason', async () => {
  const { run, detail } = await kept(config('?half=1', '?n=10&seed=1', { select: 'validation-loss' }, '?half=2'))
  const [first, second] = detail.leaks
  expect(detail.leaks.map(({ split, of, unlabelled }) => [split, of, unlabelled])).toEqual([
    ['training', 10, false],
    ['validation', 10, false],
  ])
  expect((first?.images ?? 0) + (second?.images ?? 0)).toBe(10) // the halves are disjoint, and together all of it
  expect(leakReason(detail.leaks)).toMatch(
    /^\d+ of 10 test images of alpha are learning images too; \d+ of 10 .* are validation images too$/,
  )
  const listed = listRuns(history, { offset: 0, limit: 100 }).rows.find((r) => r.run === run)
  expect(listed?.leaks).toEqual(detail.leaks)
  expect(summaryLine(detail)).toContain(`! test images seen: ${leakReason(detail.leaks)}`)
  expect(detailLines(detail).join('\n')).toMatch(/alpha, test: 10 images .*LEAK: \d+ of them are training images too/)
  expect(detailLines(detail).join('\n')).toMatch(/test data of alpha opened 2026-11-22 08:/)
})

test('learning on test images without their labels says so, and their labels are not counted before the end', async () => {
  const { told, detail } = await kept(config('', '', { objective: 'entropy' }))
  const data = told.flatMap((e) => (e.type === 'data' ? [e.data] : []))
  expect(data.map(({ split, perClass }) => [split, perClass.length > 0])).toEqual([
    ['training', false],
    ['test', true],
  ])
  expect(detail.leaks).toEqual([
    { task: 'alpha', split: 'training', images: data[1]?.count, of: data[1]?.count, unlabelled: true },
  ])
  expect(leakReason(detail.leaks)).toMatch(/were learned on, without their labels$/)
})

test('a resumed run keeps each manifest once, its newest, and every opening that happened', async () => {
  const of = config('?half=1&seed=5', '?half=2&seed=5')
  const { run, told, detail } = await kept(of)
  reviveRun(history, run)
  const again = told.filter(({ type }) => type === 'data' || type === 'opening')
  for (const event of again)
    keepEvent(
      history,
      run,
      event.type === 'data' ? { ...event, data: { ...event.data, cached: true } } : event,
      0,
      at(59),
    )
  const after = runDetail(history, run)
  expect(after.data).toEqual(detail.data.map((manifest) => ({ ...manifest, cached: true })))
  expect(after.openings.map(({ opened }) => opened)).toEqual([detail.openings[0]?.opened, at(59).toISOString()])
  const openings = openingsOf(history, [named('?half=2&seed=5')])
  expect(openings.map((o) => [o.run, o.task, o.opened])).toEqual(after.openings.map((o) => [run, o.task, o.opened]))
})

test('a run of an older form has no manifests, no openings of its own, and no mark', () => {
  const run = createRun(history, config('', '?n=3', {}), at(0))
  expect(runDetailSchema.parse(runDetail(history, run))).toMatchObject({
    data: [],
    openings: [],
    dataWait: null,
    leaks: [],
  })
})
