// Notifications: only after a click, only where the browser allows them, only for who is not looking; a click leads to
// what ended.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { runId } from '../../../../src-main/contract/branded.ts'
import { jobLike } from '../../job-fixture.ts'

class Shown {
  static permission = 'default'
  static answer = 'granted'
  static all: Shown[] = []
  static requestPermission = vi.fn(async () => Shown.answer)
  onclick: () => void = () => undefined
  close = vi.fn()
  readonly title: string
  readonly options: object
  constructor(title: string, options: object) {
    this.title = title
    this.options = options
    Shown.all.push(this)
  }
}

const before = [jobLike({ run: runId(3), state: 'running' })]
const now = [
  jobLike({
    ...{ run: runId(3), state: 'done' },
    ...{ started: '2026-11-29T10:00:00.000Z', ended: '2026-11-29T10:00:30.000Z' },
  }),
]
const place = { focus: vi.fn(), location: { hash: '' } }
let hasFocus = false

beforeEach(() => {
  Object.assign(Shown, { all: [], answer: 'granted', permission: 'default' })
  Object.assign(place.location, { hash: '' })
  hasFocus = false
  vi.stubGlobal('Notification', Shown)
  vi.stubGlobal('document', { hasFocus: () => hasFocus })
  vi.stubGlobal('window', place)
  vi.resetModules()
})
afterEach(() => vi.unstubAllGlobals())

const loaded = async () => (await import('../../../../src-renderer/state/work/notifications.svelte.ts')).notifications

test('nothing is told, nor asked for, before somebody wants it', async () => {
  const notifications = await loaded()
  notifications.tell(before, now)
  expect([notifications.state, Shown.all, Shown.requestPermission.mock.calls]).toEqual(['off', [], []])
})

test('once allowed, an end is told, one for a job in all tabs, and a click leads to it', async () => {
  const notifications = await loaded()
  await notifications.turn(true)
  expect(notifications.state).toBe('on')
  notifications.tell(before, now)
  expect(Shown.all.map(({ title, options }) => [title, options])).toEqual([
    ['Run 3 is done', { body: 'a run', tag: 'basil-job-1' }],
  ])
  Shown.all[0]?.onclick()
  expect([place.focus.mock.calls.length, place.location.hash]).toEqual([1, '#/run/3'])
  hasFocus = true
  notifications.tell(before, now)
  expect(Shown.all).toHaveLength(1)
  await notifications.turn(false)
  hasFocus = false
  notifications.tell(before, now)
  expect(Shown.all).toHaveLength(1)
})

test('a browser that refuses is said to, and nothing is remembered', async () => {
  Shown.answer = 'denied'
  const notifications = await loaded()
  await notifications.turn(true)
  expect(notifications.state).toBe('blocked')
  notifications.tell(before, now)
  expect(Shown.all).toEqual([])
})
