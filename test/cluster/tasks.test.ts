// What is known of tasks while they are looked at: one that cannot be kept holds up no other, and one is lost only when
// nobody knew of it twice in a row, and never while it waits to be handed over.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import type { TaskNews } from '../../src-main/contract/clusters/remote.ts'
import { lineOf } from '../../src-main/files/task-lines.ts'
import { clusterTasks } from '../../src-main/history/cluster-tasks.ts'
import { openHistory } from '../../src-main/history/open.ts'
import { createStudy } from '../../src-main/history/studies.ts'
import { studyRunsOf } from '../../src-main/history/study-places.ts'
import { createKeeping } from '../../src-main/workbench/clusters/keeping.ts'
import type { ClusterTarget, Turn } from '../../src-main/workbench/clusters/target.ts'
import { createTasks } from '../../src-main/workbench/clusters/tasks.ts'
import { beginTasks } from '../../src-main/workbench/clusters/work.ts'
import { temporaryFolder, toyConfig } from '../workbench/toy.ts'

/** takes: tasks that its scheduler takes at a time. */
async function fixture(looks: { turns: [number, Turn][]; news: TaskNews[] }[], takes = 2) {
  const home = join(temporaryFolder(), 'home')
  mkdirSync(home)
  const history = await openHistory(home)
  onTestFinished(() => history.close())
  const planned = [0, 1].map((seed) => ({ arm: 'a', part: '', seed, config: toyConfig({ seed }) }))
  const study = createStudy(history, { name: 'two', arms: [] } as never, planned, new Date())
  beginTasks(history, study, () => false)
  let at = -1
  const target = {
    submit: async (_, places) => ({ taken: places.slice(0, takes), left: 'no place' }),
    poll: async () => new Map(looks[++at]?.turns ?? []),
    collect: async () => ({ now: new Date().toISOString(), news: looks[at]?.news ?? [] }),
  } as Partial<ClusterTarget> as ClusterTarget
  const keeping = createKeeping({ history, study, paths: [], towerOf: () => null, cancel: async () => true })
  const there = { folder: '/there', name: 'two', program: 'basil-remote' }
  const tasks = createTasks({ history, study, target, there }, keeping)
  await tasks.submit()
  return { tasks, states: () => clusterTasks(history, study), runs: () => studyRunsOf(history, study) }
}

const line = lineOf({ type: 'opening', task: 'cars', images: '/models/cars#test' })
const newsOf = (index: number, from: number): TaskNews => {
  const pieces = [{ file: 'events-0000.jsonl', from, lines: [line] }]
  return { index, state: null, more: false, pieces, result: null, fault: null }
}
const turn = (state: Turn['state'], words: string): Turn => ({ state, words, job: '7_0' })

test('a task whose log is not the one that was read fails alone', async () => {
  const at = await fixture([
    {
      turns: [
        [0, turn('running', 'RUNNING')],
        [1, turn('running', 'RUNNING')],
      ],
      news: [newsOf(0, 5), newsOf(1, 0)],
    },
  ])
  await at.tasks.look({ ahead: null })
  expect(at.states()).toMatchObject([
    { state: 'failed', bytes: 0, error: { code: 'file-damaged' } },
    { state: 'running', bytes: line.length + 1, error: null },
  ])
  expect(at.runs().map(({ state }) => state)).toEqual(['waiting', 'running'])
})

test('a task is lost when nobody knew of it in two looks in a row, with the last word of the scheduler', async () => {
  const known: [number, Turn][] = [[1, turn('queued', 'PENDING, Priority')]]
  const at = await fixture([
    { turns: known, news: [] },
    { turns: [[0, turn('running', 'RUNNING')], ...known], news: [newsOf(0, 0)] },
    { turns: [[0, turn('over', 'NODE_FAIL')], ...known], news: [] },
    { turns: [[0, turn('over', 'NODE_FAIL')], ...known], news: [] },
  ])
  const seen: string[] = []
  for (let look = 0; look < 4; look++) {
    await at.tasks.look({ ahead: null })
    seen.push(
      at
        .states()
        .map(({ state }) => state)
        .join(),
    )
  }
  expect(seen).toEqual(['queued,queued', 'running,queued', 'running,queued', 'lost,queued'])
  expect(at.states()[0]?.words).toBe('NODE_FAIL')
  expect(at.runs()[0]).toMatchObject({ state: 'interrupted', error: { code: 'engine-lost', why: 'NODE_FAIL' } })
  expect(at.tasks.count()).toMatchObject({ over: 0, total: 2, lost: [{ place: 0 }] })
})

test('a lost task keeps the last word of the scheduler when that has forgotten it, whatever it was at', async () => {
  const at = await fixture([
    { turns: [[0, turn('running', 'RUNNING')]], news: [newsOf(0, 0)] },
    ...Array(2).fill({ turns: [[0, turn('over', 'OUT_OF_MEMORY, OutOfMemory')]], news: [] }),
    {
      turns: [],
      news: [{ ...newsOf(0, 0), pieces: [], state: { what: 'Start, epoch 1', at: '', host: 'n', job: '7_0' } }],
    },
  ])
  for (let look = 0; look < 4; look++) await at.tasks.look({ ahead: null })
  expect(at.states()[0]).toMatchObject({ state: 'lost', words: 'OUT_OF_MEMORY, OutOfMemory' })
  const next = { inWindow: expect.stringMatching(/^give a task more memory on the page Clusters/) }
  expect(at.runs()[0]).toMatchObject({ error: { code: 'out-of-memory', why: 'OUT_OF_MEMORY, OutOfMemory', ...next } })
})

test('what the scheduler did not take waits in its words, and is handed over at a later time', async () => {
  const known: [number, Turn][] = [[0, turn('queued', 'PENDING, Priority')]]
  const at = await fixture(Array(4).fill({ turns: known, news: [] }), 1)
  for (let look = 0; look < 3; look++) await at.tasks.look({ ahead: null })
  expect(at.states()).toMatchObject([
    { state: 'queued', words: 'PENDING, Priority' },
    { state: 'waiting', words: 'no place' },
  ])
  expect(at.tasks.count()).toMatchObject({ over: 0, lost: [], total: 2 })
  expect(await at.tasks.submit()).toBe(true)
  expect(at.states()[1]).toMatchObject({ state: 'queued', words: 'handed over' })
})
