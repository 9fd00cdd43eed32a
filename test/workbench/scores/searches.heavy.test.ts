// A search as a job that a page asks for by rows: it is refused before anything is scored, tells what it tried with the
// best one, writes that with its recipe, is a draft again, and goes on where it was.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import { mergeAskedSchema } from '../../../src-main/contract/api/merges.ts'
import { type SearchAsked, searchAskedSchema } from '../../../src-main/contract/api/searches.ts'
import { recordOf } from '../../../src-main/contract/errors.ts'
import { forkEngine } from '../../../src-main/workbench/link/engine-process.ts'
import { takenOf } from '../../../src-main/workbench/merges/taken.ts'
import { openWorkbench, type Workbench } from '../../../src-main/workbench/workbench.ts'
import { temporaryFolder } from '../toy.ts'
import { commandOf, writeToys } from './toys.ts'

const root = join(import.meta.dirname, '../../..')

const searching = (change: Partial<SearchAsked>): SearchAsked =>
  searchAskedSchema.parse({
    ...{ command: '', seconds: null, way: 'sweep', sweeps: [], best: null, lower: [], bounds: [] },
    ...{ evaluations: 20, sigma: 0.3, limits: null, groups: [], depths: 1, seed: 0 },
    ...change,
  })

async function opened() {
  const home = temporaryFolder()
  await writeToys(home)
  const door = join(root, 'src-main', 'worker', 'door.ts')
  const engine = (environment: NodeJS.ProcessEnv) =>
    forkEngine(door, { ...environment, BASIL_HOME: home, BASIL_BACKEND: 'wasm' })
  const workbench = await openWorkbench({ home, engine, resources: join(root, 'resources'), write: true })
  onTestFinished(() => workbench.close())
  await workbench.library.add(['base', 'one', 'two'].map((name) => join(home, `${name}.safetensors`)))
  const rows = new Map((await workbench.library.list()).entries.map(({ name, id }) => [name, id]))
  const id = (name: string): number => rows.get(`${name}.safetensors`) ?? 0
  const asked = (change = {}) =>
    mergeAskedSchema.parse({
      ...{ method: 'task-arithmetic', parameters: {}, pretrained: id('base'), vectors: [id('one'), id('two')] },
      ...{ form: {}, name: 'found', place: 'exports', ...change },
    })
  const start = async (search: Partial<SearchAsked>, change = {}): Promise<number> =>
    workbench.searches.start(await workbench.merges.prepare(asked(change)), searching(search))
  return { home, workbench, id, start, record: join(home, 'record'), out: join(home, 'exports', 'found.safetensors') }
}

async function ended({ jobs }: Workbench, job: number) {
  for await (const _ of jobs.follow(job));
  return jobs.show(job)
}

const lines = (file: string): number => readFileSync(file, 'utf8').split('\n').length - 1

test('values that are tried, each with its score, the best of them written and a draft again', async () => {
  const { workbench, id, start, record, out } = await opened()
  const job = await start({ command: commandOf('two', record), sweeps: ['lambda=0.25:1:0.25'], best: 'fit' })
  expect(await ended(workbench, job)).toMatchObject({ kind: 'search', state: 'done', error: null, file: out })
  const { scored, best, summary, method, log } = workbench.searches.show(job)
  expect(method).toBe('task-arithmetic')
  expect(scored.map(({ type }) => type)).toEqual(['base', 'single', 'single', ...Array(4).fill('candidate')])
  const tried = scored.flatMap((one) => (one.type === 'candidate' ? [one] : []))
  expect(tried.map(({ label }) => label.lambda)).toEqual([0.25, 0.5, 0.75, 1])
  const largest = Math.max(...tried.map(({ scores }) => scores.fit ?? 0))
  expect(tried.find(({ number }) => number === best)?.scores.fit).toBe(largest)
  expect(summary?.rows.find(({ decides }) => decides)).toMatchObject({ property: 'fit', winner: largest })
  expect([existsSync(log), lines(record)]).toEqual([true, 7])
  const recipe = workbench.searches.best(job)
  expect(takenOf(recipe, [id('base'), id('one'), id('two')]).taken).toMatchObject({
    ...{ method: 'task-arithmetic', pretrained: id('base'), vectors: [id('one'), id('two')] },
    coefficients: [tried.find(({ number }) => number === best)?.label.lambda, expect.any(Number)],
  })
  await workbench.library.settled()
  const row = (await workbench.library.list()).entries.find(({ path }) => path === out)
  expect(JSON.parse(workbench.library.show(row?.id ?? 0).metadata['basil.recipe'] ?? '')).toMatchObject({
    ...{ method: 'task-arithmetic', start: recipe.start, steps: recipe.steps },
  })
})

test('a greedy soup and an evolution of weights: fewer models, other weights', async () => {
  const { workbench, id, start, record } = await opened()
  const rows = [id('one'), id('one'), id('two')] // a mean of models needs no base
  const soup = { method: 'weighted-average', pretrained: null }
  const first = await start({ command: commandOf('fit', record), way: 'greedy-soup' }, soup)
  await ended(workbench, first)
  const recipe = workbench.searches.best(first)
  expect(takenOf(recipe, rows.slice(0, recipe.vectors.length + 1)).taken.pretrained).toBeNull()
  const asked = { command: commandOf('fit', record), way: 'cma-es' as const, evaluations: 5 }
  const second = await start(asked, { name: 'weighed' })
  expect(await ended(workbench, second)).toMatchObject({ state: 'done', error: null })
  expect(workbench.searches.show(second).scored.filter(({ type }) => type === 'candidate')).toHaveLength(5)
  expect(new Set(workbench.searches.best(second).start.flat()).size).toBe(2)
})

test('what cannot be asked is refused before a job is made, in the words of a window', async () => {
  const { workbench, start } = await opened()
  const fit = commandOf('fit')
  const refused = async (search: Partial<SearchAsked>, change = {}) => {
    const error = await start(search, change).then(() => null, recordOf)
    expect(error?.inWindow ?? error?.next).toEqual(expect.not.stringMatching(/--[a-z]/))
    return error?.why
  }
  expect(await refused({ command: 'python score.py' })).toMatch(/says nowhere \{model\}/)
  expect(await refused({ command: fit, sweeps: ['lambda'] })).toMatch(/form name=values/)
  expect(await refused({ command: fit, sweeps: ['density=0.1,7'] }, { method: 'ties' })).toMatch(/at most 1/)
  expect(await refused({ command: fit, bounds: ['fit'] })).toMatch(/NAME>=NUMBER/)
  expect(await refused({ command: fit, way: 'cma-es' }, { method: 'slerp', pretrained: null })).toMatch(/alike/)
  expect(await refused({ command: fit, way: 'cma-es', limits: [2, 3] })).toMatch(/begins at the weights/)
  expect(await refused({ command: fit }, { method: 'fisher' })).toMatch(/it needs/)
  expect(workbench.jobs.list()).toEqual([])
})

test('what the program says ends it with its words, and what was scored is told; bounds that none keeps to, too', async () => {
  const { workbench, start } = await opened()
  const broken = await start({ command: `"${process.execPath}" -e "process.exit(3)" {model}` })
  expect(await ended(workbench, broken)).toMatchObject({ state: 'failed', error: { code: 'score-failed' } })
  const none = await start({ command: commandOf('fit'), bounds: ['score>=100'] }, { name: 'none' })
  expect(await ended(workbench, none)).toMatchObject({
    state: 'failed',
    error: { what: expect.stringMatching(/No candidate/) },
  })
  const shown = workbench.searches.show(none)
  expect([shown.best, shown.summary?.kept, shown.scored.length]).toEqual([null, 0, 4])
  expect(() => workbench.searches.best(none)).toThrow(/none that keeps/)
})

test('paused, it goes on where it was: no model is scored twice', async () => {
  const { workbench, start, record, out } = await opened()
  const { jobs } = workbench
  const job = await start({ command: commandOf('held', record), sweeps: ['lambda=0.1:0.6:0.1'] })
  for await (const { progress } of jobs.follow(job)) if ((progress?.done ?? 0) >= 5) break
  await jobs.pause(job, true)
  expect(jobs.show(job).state).toBe('paused')
  expect(existsSync(out)).toBe(false)
  const before = workbench.searches.show(job).scored.length
  expect(before).toBeGreaterThanOrEqual(5)
  writeFileSync(`${record}.go`, '')
  jobs.resume(job)
  expect(await ended(workbench, job)).toMatchObject({ state: 'done', file: out })
  const { scored } = workbench.searches.show(job)
  expect(scored.slice(0, before).every(({ known }) => known)).toBe(true)
  expect(lines(record)).toBeLessThanOrEqual(9 + 1) // one may have been at it
})
