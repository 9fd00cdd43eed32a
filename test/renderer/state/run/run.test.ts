// The time of a run on screen: it goes on while the run does, and stands still while it is paused. The other side is a
// double, and so is the clock.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import type { RunDetail, RunEvent } from '../../../../src-main/contract/run/run.ts'
import { RunView } from '../../../../src-renderer/state/run/run.svelte.ts'
import { run } from '../../run-fixture.ts'

const stored = vi.hoisted(() => ({ now: null as unknown as RunDetail, told: [] as RunEvent[] }))
vi.mock('../../../../src-renderer/bridge.ts', () => ({
  bridge: { state: 'open', lostAt: null, subscribe: () => () => {} },
  client: {
    runs: {
      show: async () => stored.now,
      watch: async (_: unknown, { signal }: { signal: AbortSignal }) =>
        (async function* () {
          yield* stored.told
          await new Promise((resolve) => signal.addEventListener('abort', resolve))
        })(),
    },
  },
  errorOf: (thrown: unknown) => thrown,
}))

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 })
  vi.stubGlobal('document', { hidden: true }) // looks come by the clock
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

test('remaining time falls while it runs; paused, neither it nor the time it took goes on', async () => {
  stored.now = { ...run(), state: 'running', seconds: 40 }
  stored.told = [{ type: 'pulse', run: stored.now.run, remainingSeconds: 60 } as RunEvent]
  const view = new RunView(stored.now.run)
  await vi.advanceTimersByTimeAsync(500)
  const heard = Date.now()
  expect([view.remaining(heard), view.remaining(heard + 20_000)]).toEqual([60, 40])
  expect(view.elapsed(heard + 20_000) - view.elapsed(heard)).toBeCloseTo(20)

  await vi.advanceTimersByTimeAsync(20_000)
  stored.now = { ...stored.now, state: 'paused', seconds: 45 }
  await view.look()
  for (const later of [0, 3_600_000])
    expect([view.elapsed(Date.now() + later), view.remaining(Date.now() + later)]).toEqual([45, null])

  await vi.advanceTimersByTimeAsync(3_600_000)
  stored.now = { ...stored.now, state: 'running' }
  await view.look()
  expect([view.remaining(Date.now()), view.remaining(Date.now() + 10_000)]).toEqual([40, 30])
  view.close()
})
