// Who has the engine while coefficients are moved: whatever is at work is waited for and told, whatever begins comes
// first, and afterwards the mix is open again by itself. Of several scores asked for the newest is worked on; another
// window takes it over; and it is closed when nothing is asked for a while, and opened again when the engine is lost.
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import type { WantedMix } from '../../../src-main/contract/api/mix.ts'
import { runId } from '../../../src-main/contract/branded.ts'
import type { MixOf } from '../../../src-main/workbench/mix/request.ts'
import { createMixSession, type SessionParts } from '../../../src-main/workbench/mix/session.ts'
import { createPulse } from '../../../src-main/workbench/pulse.ts'
import { follow, temporaryFolder, toyConfig, toyEngine } from '../toy.ts'
import { all, next, opened, windowOn } from './setting.ts'

async function ready(until?: string) {
  const window = await windowOn((environment) => toyEngine(until === undefined ? {} : { until }, environment))
  const start = () => window.workbench.runs.start(toyConfig({ select: 'training-loss' }))
  if (until !== undefined) writeFileSync(until, '')
  const run = await start()
  await follow(window.workbench, run)
  return { ...window, start, run }
}

test('it has what a run knows of the images, is measured in waves, and a newer mix ends an older one', async () => {
  const { client, workbench, run } = await ready()
  const events = (await client.mix.open({ run }))[Symbol.asyncIterator]()
  const mix = await opened(events)
  const { start, iterations } = workbench.runs.show(run)
  const last = iterations.findLast(({ accepted }) => accepted) ?? start
  const chosen = last?.epochs.find(({ step }) => step === last.best)
  expect(mix).toMatchObject({ name: 'Run 1: toy run', split: 'training', control: null })
  expect(mix.tasks.map(({ name, images, own }) => [name, images, own])).toEqual(
    chosen?.tasks.map(({ task, accuracy }) => [task, 10, accuracy]),
  )
  const { session, own } = mix
  const half = { ...own, start: own.start.map((row) => row.map(() => 0.5)) }
  expect(await all(await client.mix.score({ session, coefficients: half }))).toEqual([
    { type: 'scores', tasks: mix.tasks.map(() => ({ images: 4, correct: 2 })), done: false },
    { type: 'scores', tasks: mix.tasks.map(() => ({ images: 10, correct: 5 })), done: true },
  ])
  const [older, newer] = [
    await client.mix.score({ session, coefficients: half }),
    await client.mix.score({ session, coefficients: own }),
  ]
  const [few, whole] = await Promise.all([all(older), all(newer)])
  expect(few.some(({ done }) => done)).toBe(false)
  expect(whole.at(-1)?.done).toBe(true)
  workbench.mixes.close()
  expect((await events.next()).done).toBe(true)
  expect(await all(await client.mix.score({ session, coefficients: own }))).toEqual([])
})

test('a run at work is told and waited for, one that begins comes first, and then it is open again', async () => {
  const until = join(temporaryFolder(), 'go on')
  const { client, workbench, start, run } = await ready(until)
  rmSync(until)
  const second = await start()
  const events = (await client.mix.open({ run }))[Symbol.asyncIterator]()
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
  const scores = await all(await client.mix.score({ session: again.session, coefficients: mix.own }))
  expect(scores.at(-1)?.done).toBe(true)
  workbench.mixes.close()
})

test('another window takes it over', async () => {
  const { client, workbench, run } = await ready()
  const one = (await client.mix.open({ run }))[Symbol.asyncIterator]()
  await opened(one)
  const other = (await client.mix.open({ run }))[Symbol.asyncIterator]()
  const [closed] = await Promise.all([next(one, 'closed'), opened(other)])
  expect(closed).toEqual({ type: 'closed', why: 'elsewhere' })
  workbench.mixes.close()
})

const asked: MixOf = {
  request: {
    recipe: {
      ...{ basil: '2', run: null, name: 'a', method: 'task-arithmetic', grouping: 'scalar', iteration: 0, epoch: null },
      ...{ pretrained: { file: 'p', name: 'p', sha256: '' as never }, vectors: [], steps: [], groups: ['all'] },
      ...{ start: [[1]], iterations: [] },
    },
    ...{ tasks: [], split: 'validation', onUnreadable: 'skip', config: null, files: [] },
  },
  known: { name: 'a', split: 'validation', control: null, tasks: [] },
}
const wanted: WantedMix = { run: runId(1) }

/** An engine that opens at once, over `ask`. */
function parts(ask: SessionParts['supervisor']['ask'], idle: number): SessionParts & { of: () => MixOf } {
  const { watch } = createPulse(() => ({ version: 0 }))
  return { jobs: { isAtWork: () => false, list: () => [], watch }, supervisor: { ask }, idle, of: () => asked }
}

test('it is closed when nothing is asked for a while', async () => {
  const ask: SessionParts['supervisor']['ask'] = async (question) => {
    const open = async function* () {
      const found = {
        session: 1,
        grouping: 'scalar',
        groups: ['all'],
        vectors: [],
        own: { start: [[1]], iterations: [] },
      }
      yield { type: 'result', result: { ...found, images: [], instant: false } }
    }
    return question({ mix: { open: async () => open(), close: async () => ({ closed: true }) } } as never)
  }
  const session = createMixSession(parts(ask, 5))
  const told = await all(session.open(wanted, new AbortController().signal))
  expect(told.map(({ type }) => type)).toEqual(['opened', 'closed'])
  expect(told.at(-1)).toEqual({ type: 'closed', why: 'idle' })
})

test('who leaves closes it in the engine', async () => {
  const closed: string[] = []
  const leaving = new AbortController()
  const ask: SessionParts['supervisor']['ask'] = async (question) => {
    const open = async function* () {
      const found = {
        session: 1,
        grouping: 'scalar',
        groups: ['all'],
        vectors: [],
        own: { start: [[1]], iterations: [] },
      }
      yield { type: 'result', result: { ...found, images: [], instant: false } }
    }
    const close = async () => {
      closed.push('closed')
      return { closed: true }
    }
    return question({ mix: { open: async () => open(), close } } as never)
  }
  const session = createMixSession(parts(ask, 60_000))
  const events = session.open(wanted, leaving.signal)
  await events.next()
  leaving.abort()
  expect((await events.next()).done).toBe(true)
  expect(closed).toEqual(['closed'])
})
