// The log of a run on its page: what both the workbench and the stream know is one entry.
import { expect, test } from 'vitest'

import { runId } from '../../../../src-main/contract/branded.ts'
import { earlierLog } from '../../../../src-main/contract/run/log.ts'
import type { RunEvent } from '../../../../src-main/contract/run/run.ts'
import { liveRun } from '../../../../src-renderer/state/run/apply-event.ts'
import { withLog } from '../../../../src-renderer/state/run/log.ts'
import { run } from '../../run-fixture.ts'

const halved: RunEvent = { type: 'micro-batch', run: runId(7), from: 64, to: 32, why: 'no room' }
const error = {
  code: 'engine-lost' as const,
  what: 'The engine stopped working',
  where: 'engine process',
  why: 'it was ended by SIGKILL',
  next: 'wait',
}
const at = (seconds: number) => new Date(Date.UTC(2026, 10, 22, 10, 0, seconds))

test('halvings, faults of the engine and stages are entries, with their times; what was noted before is not doubled', () => {
  const noted = {
    at: at(0).toISOString(),
    what: 'Memory was full with 64 images at a time; 32 are held at once from here on (no room).',
  }
  let live = liveRun({ ...run(), log: [noted] })
  live = withLog(live, halved, at(2))
  expect(live.detail.log).toEqual([noted])
  const lost: RunEvent = { type: 'engine-lost', run: runId(7), error, restarting: true }
  live = withLog(live, lost, at(3))
  live = withLog(live, { type: 'engine-silent', run: runId(7), error: null }, at(4))
  live = withLog(live, lost, at(60)) // another time
  expect(live.detail.log?.slice(1).map(({ at, what }) => [at?.slice(17, 19), what])).toEqual([
    ['03', 'The engine stopped working: it was ended by SIGKILL. A new engine goes on after the last kept epoch.'],
    ['04', 'The engine answers again, or has ended.'],
    ['00', 'The engine stopped working: it was ended by SIGKILL. A new engine goes on after the last kept epoch.'],
  ])
})

test('a run that goes on begins with what the sittings before it left in the history', () => {
  const detail = run()
  const [first] = detail.iterations
  if (first) Object.assign(first, { accepted: false })
  const lines = earlierLog({ ...detail, halvings: [{ from: 8, to: 4, why: 'no room' }] })
  expect(lines.every(({ at }) => at === null)).toBe(true)
  expect(lines.map(({ what }) => what)).toEqual([
    'The start began, atlas: up to 2 epochs of 2 steps.',
    'The start ended: its best state is that of step 2, 0.',
    'Iteration 1 began, dv-basi: up to 2 epochs of 2 steps.',
    'Iteration 1 stagnated: nothing it tried was better than its own start.',
    'Iteration 2 began, dv-basi: up to 2 epochs of 2 steps.',
    'Iteration 2 ended: its best state is that of step 0, 0, from 1 at its start.',
    'Memory was full with 8 images at a time; 4 are held at once from here on (no room).',
  ])
})
