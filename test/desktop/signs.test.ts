// What the system shows of the work of a window: the taskbar, a notification that leads to what ended, and one question
// before the window closes on work.
import { beforeEach, expect, test, vi } from 'vitest'

import type { Job } from '../../src-main/contract/api/jobs.ts'
import { runId } from '../../src-main/contract/branded.ts'
import { jobLike } from '../renderer/job-fixture.ts'
import * as electron from './electron-double.ts'

vi.mock('electron', () => import('./electron-double.ts'))

const { createLeaving, showWork } = await import('../../src-main/desktop/signs.ts')

beforeEach(() => {
  vi.clearAllMocks()
  electron.Notification.shown = []
})

const running = jobLike({ run: runId(3), state: 'running', share: 0.25, started: '2026-11-29T10:00:00.000Z' })
const done: Job = { ...running, state: 'done', share: null, ended: '2026-11-29T10:01:00.000Z' }

/** A window that saw the queue in these states, one after the other. */
async function shown(wanted: boolean, ...states: Job[][]): Promise<electron.BrowserWindow> {
  const window = new electron.BrowserWindow({ webPreferences: {} })
  let at = -1
  const jobs = {
    list: () => states[at] ?? [],
    watch: async function* () {
      for (; ++at < states.length; ) yield { version: at }
    },
  }
  const preferences = { all: () => (wanted ? { notifications: true } : {}), keep: vi.fn() }
  await showWork({ jobs, preferences }, () => window as never)
  return window
}

test('the taskbar shows the share of what is at work, that it is not known, and nothing', async () => {
  const window = await shown(false, [], [running], [{ ...running, share: null }], [done])
  expect(window.setProgressBar.mock.calls).toEqual([[-1], [0.25], [2], [-1]])
  expect(electron.Notification.shown).toEqual([])
})

test('the end of longer work is told to who wants that, and a click goes to it', async () => {
  const window = await shown(true, [running], [done], [done])
  expect(electron.Notification.shown.map(({ options }) => options)).toEqual([{ title: 'Run 3 is done', body: 'a run' }])
  electron.Notification.shown[0]?.emit('click')
  expect(window.focus).toHaveBeenCalledOnce()
  expect(window.loadURL).toHaveBeenLastCalledWith('app://basil/#/run/3')
})

test('a window in front is not told', async () => {
  const window = new electron.BrowserWindow({ webPreferences: {} })
  window.isFocused.mockReturnValue(true)
  const states = [[running], [done]]
  const jobs = {
    list: () => states[0] ?? [],
    watch: async function* () {
      yield { version: 0 }
      states.shift()
      yield { version: 1 }
    },
  }
  await showWork({ jobs, preferences: { all: () => ({ notifications: true }), keep: vi.fn() } }, () => window as never)
  expect(electron.Notification.shown).toEqual([])
})

test('closing on work asks, once it is allowed never again, and without work not at all', () => {
  let jobs: Job[] = [running]
  const mayLeave = createLeaving({ jobs: { list: () => jobs, watch: vi.fn() } })
  const ask = electron.dialog.showMessageBoxSync
  ask.mockReturnValueOnce(1)
  expect(mayLeave()).toBe(false)
  expect(ask.mock.calls).toEqual([
    [expect.objectContaining({ message: 'Run 3 is at work. Close Basil?', buttons: ['Close Basil', 'Stay'] })],
  ])
  ask.mockReturnValueOnce(0)
  expect(mayLeave()).toBe(true)
  expect(mayLeave()).toBe(true)
  expect(ask).toHaveBeenCalledTimes(2)
  jobs = []
  const other = createLeaving({ jobs: { list: () => jobs, watch: vi.fn() } })
  expect(other()).toBe(true)
  expect(ask).toHaveBeenCalledTimes(2)
})
