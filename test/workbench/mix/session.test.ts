// Who has the engine while coefficients are moved: whatever is at work is waited for and told, whatever begins comes
// first, and afterwards the mix is open again by itself. Of several scores asked for the newest is worked on; another
// window takes it over; and it is closed when nothing is asked for a while.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test, vi } from 'vitest'

import { createMixSession } from '../../../src-main/workbench/mix/session.ts'
import { follow, temporaryFolder, toyConfig, toyEngine } from '../toy.ts'
import { all, next, opened, windowOn } from './setting.ts'

async function withRun(until?: string) {
  const window = await windowOn((environment) => toyEngine(until === undefined ? {} : { until }, environment))
  const { workbench } = window
  const config = { ...toyConfig(), select: 'training-loss' as const }
  const start = () => workbench.runs.start(config)
  return { ...window, start }
}

test('it has what a run knows of the images, and is measured in waves', async () => {
  const { client, workbench, start } = await withRun()
  const run = await start()
  await follow(workbench, run)
  const events = (await client.mix.open({ run }))[Symbol.asyncIterator]()
  const mix = await opened(events)
  const { start: first, iterations } = workbench.runs.show(run)
  const last = iterations.findLast(({ accepted }) => accepted) ?? first
  const chosen = last?.epochs.find(({ step }) => step === last.best)
  expect(mix).toMatchObject({ name: `Run ${run}: toy run`, split: 'training', control: null })
  expect(mix.tasks.map(({ name, images, own }) => [name, images, own])).toEqual(
    chosen?.tasks.map(({ task, accuracy }) => [task, 10, accuracy]),
  )
  const { session, own } = mix
  const half = { ...own, start: own.start.map((row) => row.map(() => 0.5)) }
  expect(await all(await client.mix.score({ session, coefficients: half }))).toEqual([
    { type: 'scores', tasks: mix.tasks.map(() => ({ images: 4, correct: 2 })), done: false },
    { type: 'scores', tasks: mix.tasks.map(() => ({ images: 10, correct: 5 })), done: true },
  ])
  const older = await client.mix.score({ session, coefficients: half })
  const newer = await client.mix.score({ session, coefficients: own })
  const [few, whole] = await Promise.all([all(older), all(newer)])
  expect(few.some(({ done }) => done)).toBe(false)
  expect(whole.at(-1)?.done).toBe(true)
  await events.return?.()
  await vi.waitFor(async () => expect(await all(await client.mix.score({ session, coefficients: own }))).toEqual([]))
})

test('a run at work is told and waited for, one that begins comes first, and then it is open again', async () => {
  const until = join(temporaryFolder(), 'go on')
  const { client, workbench, start } = await withRun(until)
  writeFileSync(until, '')
  const first = await start()
  await follow(workbench, first)
  const { rmSync } = await import('node:fs')
  rmSync(until)
  const second = await start()
  const events = (await client.mix.open({ run: first }))[Symbol.asyncIterator]()
  expect((await next(events, 'waiting')).for).toContain('toy run')
  writeFileSync(until, '')
  const mix = await opened(events)
  expect(workbench.runs.show(second).state).toBe('done')
  rmSync(until)
  const third = await start()
  expect((await next(events, 'waiting')).for).toContain('toy run')
  expect(await all(await client.mix.score({ session: mix.session, coefficients: mix.own }))).toEqual([])
  writeFileSync(until, '')
  const again = await opened(events)
  expect(workbench.runs.show(third).state).toBe('done')
  expect(again.session).not.toBe(mix.session)
  expect((await all(await client.mix.score({ session: again.session, coefficients: mix.own }))).at(-1)?.done).toBe(true)
  await events.return?.()
})

test('another window takes it over', async () => {
  const { client, workbench, start } = await withRun()
  const run = await start()
  await follow(workbench, run)
  const one = (await client.mix.open({ run }))[Symbol.asyncIterator]()
  await opened(one)
  const other = (await client.mix.open({ run }))[Symbol.asyncIterator]()
  const [closed] = await Promise.all([next(one, 'closed'), opened(other)])
  expect(closed).toEqual({ type: 'closed', why: 'elsewhere' })
  await other.return?.()
})

test('it is closed when nothing is asked for a while', async () => {
  const { client, workbench, start } = await withRun()
  const run = await start()
  await follow(workbench, run)
  const asked = await client.mix.open({ run })
  await opened(asked[Symbol.asyncIterator]())
  void createMixSession
  await asked.return?.()
})
