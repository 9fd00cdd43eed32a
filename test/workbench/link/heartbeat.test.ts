// When an engine is told to be silent, by a clock of the test's own.

import { expect, it } from 'vitest'

import { lineOf } from '../../../src-main/cli/print.ts'
import { runId } from '../../../src-main/contract/branded.ts'
import type { BasilError } from '../../../src-main/contract/errors.ts'
import type { RunDetail } from '../../../src-main/contract/run/run.ts'
import { type Clock, createEar, patience, watchOver } from '../../../src-main/workbench/link/heartbeat.ts'
import { applyEvent, liveRun } from '../../../src-renderer/state/run/apply-event.ts'

/** A clock that only advance() moves; a jump is time in which nothing of this process ran. */
function stoppedClock() {
  let time = 0
  const timers = new Set<{ every: number; next: number; act: () => void }>()
  const clock: Clock = {
    now: () => time,
    every: (every, act) => {
      const timer = { every, next: time + every, act }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
  }
  const jump = (milliseconds: number): void => {
    time += milliseconds
    for (const timer of timers)
      if (timer.next <= time) {
        timer.next = time + timer.every
        timer.act()
      }
  }
  const advance = (milliseconds: number, meanwhile: () => void = () => undefined): void => {
    for (const end = time + milliseconds; time < end; meanwhile()) jump(Math.min(250, end - time))
  }
  return { clock, advance, jump, timers }
}

function watched() {
  const { clock, advance, jump, timers } = stoppedClock()
  const told: (string | null)[] = []
  const latest = { heard: (_silent: number): void => undefined }
  const tell = (error: BasilError | null): void => void told.push(error && `${error.record.what}: ${error.record.why}`)
  const leave = watchOver({ beats: (heard) => Object.assign(latest, { heard }) }, tell, { ...patience, clock })
  return { told, advance, jump, timers, leave, beat: (silent = 0) => latest.heard(silent) }
}

/** Beats of one step that goes on. */
function longer(beat: (silent: number) => void): () => void {
  let atStep = 0
  return () => {
    atStep += 250
    beat(atStep)
  }
}

it('tells a process that is silent for 30 s, once, and that it is heard again', () => {
  const { told, advance, beat } = watched()
  advance(29_000)
  expect(told).toEqual([])
  advance(3000)
  expect(told).toEqual([expect.stringMatching(/^The engine does not answer: .* no sign of life for 30 s/)])
  advance(600_000)
  expect(told).toHaveLength(1)
  beat()
  expect(told.slice(1)).toEqual([null])
  advance(29_000)
  expect(told).toHaveLength(2)
})

it('says nothing of a process that beats while one step takes minutes', () => {
  const { told, advance, beat } = watched()
  advance(9 * 60_000, longer(beat))
  expect(told).toEqual([])
})

it('tells a step that does not end after 10 minutes in other words, and its end', () => {
  const { told, advance, beat } = watched()
  advance(11 * 60_000, longer(beat))
  expect(told).toEqual([
    expect.stringMatching(/^The engine has been at one step for long: its process lives, .* 10 minutes/),
  ])
  beat(0)
  expect(told.slice(1)).toEqual([null])
})

it('tells a silent process, where a step was long before', () => {
  const { told, advance, beat } = watched()
  beat(11 * 60_000)
  advance(40_000)
  expect(told.map((text) => text?.slice(0, 20))).toEqual(['The engine has been ', 'The engine does not '])
})

it('does not count time in which this process did not run either: a machine that was asleep', () => {
  const { told, advance, jump, beat } = watched()
  advance(5000, () => beat())
  jump(8 * 3_600_000)
  advance(2000)
  expect(told).toEqual([])
  beat()
  advance(3000, () => beat())
  expect(told).toEqual([])
})

it('leaves no timer when the watch has ended', () => {
  const { told, advance, leave, timers } = watched()
  leave()
  expect(timers.size).toBe(0)
  advance(100_000)
  expect(told).toEqual([])
})

it('hears beats in whatever else is printed, however it is cut', () => {
  const printed = `out of memory {basil:12}${'x'.repeat(500)}{basil:${'y'.repeat(500)}{basil:345}{basil:6}7}{basil:{basil:89}`
  for (let size = 1; size < 40; size++) {
    const heard: number[] = []
    const ear = createEar((silent) => heard.push(silent))
    for (let at = 0; at < printed.length; at += size) ear(printed.slice(at, at + size))
    expect(heard).toEqual([12, 345, 6, 89])
  }
})

it('is a line in a terminal that says what can be done', () => {
  const error = {
    code: 'engine-silent',
    what: 'The engine does not answer',
    where: 'engine process',
    why: 'no sign',
    next: 'wait',
  } as const
  expect(lineOf({ type: 'engine-silent', run: runId(3), error })).toEqual({
    text: '  The engine does not answer (engine process): no sign. Next: wait. Here: Ctrl+C twice, then: basil resume 3',
    live: false,
  })
  expect(lineOf({ type: 'engine-silent', run: runId(3), error: null })?.text).toContain('answers again')
})

it('is on the page of the run until it is over', () => {
  const error = { code: 'engine-silent', what: 'a', where: 'b', why: 'c', next: 'd' } as const
  const before = liveRun({ state: 'running' } as RunDetail)
  const silent = applyEvent(before, { type: 'engine-silent', run: runId(3), error })
  expect([before.engineSilent, silent.engineSilent]).toEqual([null, error])
  expect(applyEvent(silent, { type: 'engine-silent', run: runId(3), error: null }).engineSilent).toBeNull()
  expect(applyEvent(silent, { type: 'started', run: runId(3), name: '', resumed: true }).engineSilent).toBeNull()
  expect(applyEvent(silent, { type: 'ended', run: runId(3), state: 'cancelled', error: null }).engineSilent).toBeNull()
})
