// Sleep is a timer that comes round far too late, told for five minutes; a busy machine is none.
import { expect, test } from 'vitest'

import { watchSleep } from '../../../src-main/workbench/link/sleep.ts'

test('a long gap in time is a sleep that was just now, and is forgotten five minutes later', () => {
  let now = 1000
  let look = (): void => undefined
  const sleep = watchSleep({
    now: () => now,
    every: (_, act) => {
      look = act
      return () => undefined
    },
  })
  const pass = (milliseconds: number): void => {
    now += milliseconds
    look()
  }
  pass(5000)
  pass(20_000) // it was busy
  expect(sleep.slept()).toBe(0)
  now += 3_605_000 // woken: what fails is told before the timer comes round
  expect(sleep.slept()).toBe(3600)
  for (let i = 0; i < 59; i++) pass(5000)
  expect(sleep.slept()).toBe(3600)
  pass(5000)
  pass(5000)
  expect(sleep.slept()).toBe(0)
  sleep.end()
})
