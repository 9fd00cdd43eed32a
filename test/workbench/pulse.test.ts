// Ten times a second at most, the first at once, and never without the last.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { createPulse } from '../../src-main/workbench/pulse.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('a thousand changes in a second are told some ten times, the last one among them', async () => {
  let version = 0
  const pulse = createPulse(() => version)
  const seen: number[] = []
  const watching = (async () => {
    for await (const state of pulse.watch()) seen.push(state)
  })()
  await vi.advanceTimersByTimeAsync(0)
  expect(seen).toEqual([0])
  for (let i = 0; i < 1000; i++) {
    version++
    pulse.beat()
    await vi.advanceTimersByTimeAsync(1)
  }
  await vi.advanceTimersByTimeAsync(200)
  expect(seen.length).toBeGreaterThan(8)
  expect(seen.length).toBeLessThanOrEqual(12)
  expect(seen.at(-1)).toBe(1000)
  await vi.advanceTimersByTimeAsync(5000)
  expect(seen.at(-1)).toBe(1000)
  pulse.end()
  await watching
})

test('one who comes late hears the present state, and one who is slow the newest', async () => {
  let version = 5
  const pulse = createPulse(() => version)
  const slow = pulse.watch()
  expect((await slow.next()).value).toBe(5)
  for (version = 6; version < 9; version++) {
    pulse.beat()
    await vi.advanceTimersByTimeAsync(150)
  }
  expect((await slow.next()).value).toBe(9)
  expect((await pulse.watch().next()).value).toBe(9)
  pulse.end()
  expect((await slow.next()).done).toBe(true)
})
