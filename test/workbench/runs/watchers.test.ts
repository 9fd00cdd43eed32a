import { expect, test } from 'vitest'

import { runId } from '../../../src-main/contract/branded.ts'
import type { RunEvent } from '../../../src-main/contract/run/run.ts'
import { createWatchers } from '../../../src-main/workbench/runs/watchers.ts'

const started: RunEvent = { type: 'started', run: runId(1), name: 'a', resumed: false }
const progress = (done: number): RunEvent => ({ type: 'progress', run: runId(1), what: 'Counting', done, total: 1000 })
const stageEnd = (stage: number): RunEvent => ({
  type: 'stage-end',
  run: runId(1),
  stage,
  accepted: true,
  best: 0,
  still: 1,
  metric: 1,
  coefficients: [],
  losses: [],
})

async function heard(events: AsyncGenerator<RunEvent>): Promise<RunEvent[]> {
  const all = []
  for await (const event of events) all.push(event)
  return all
}

test('progress passes ten times a second by the clock it is given; the newest waits for a slow listener', async () => {
  let time = 0
  const watchers = createWatchers<RunEvent>(started, () => time)
  const slow = watchers.watch()
  for (; time < 1000; time++) {
    watchers.tell(progress(time))
    if (time % 500 === 499) watchers.tell(stageEnd(time))
  }
  watchers.end()
  expect(await heard(slow)).toEqual([started, progress(400), stageEnd(499), progress(900), stageEnd(999)])
})

test('each listener hears "started" first and then only what is told from then on', async () => {
  const watchers = createWatchers<RunEvent>(started)
  watchers.tell(stageEnd(0))
  const late = watchers.watch()
  watchers.tell(stageEnd(1))
  watchers.end()
  expect(await heard(late)).toEqual([started, stageEnd(1)])
})

test('a listener that waits is woken by the end', async () => {
  const watchers = createWatchers<RunEvent>(started)
  const waiting = watchers.watch()
  await waiting.next()
  const next = waiting.next()
  watchers.end()
  expect(await next).toEqual({ done: true, value: undefined })
})
