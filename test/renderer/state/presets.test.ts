// A table that is to be reproduced: what it needs is shown at once, what it takes when that is known, and an answer to
// an older wish is dropped. The other side is a double whose estimates come when the test says so.
import { expect, test, vi } from 'vitest'

const asked = vi.hoisted(() => ({ estimates: [] as ((taken: object) => void)[], heard: () => {} }))
vi.mock('../../../src-renderer/bridge.ts', () => ({
  client: {
    preferences: { all: async () => ({}), keep: async () => true },
    projects: { library: async () => ({ grant: 'the library' }) },
    studies: {
      fill: async ({ seeds }: { seeds: number }) => ({ definition: { name: `of ${seeds}` }, missing: [], runs: 4 }),
      estimate: ({ grant, definition }: { grant: string; definition: { name: string } }) =>
        new Promise((resolve) => {
          asked.estimates.push((taken) => resolve({ grant, of: definition.name, ...taken }))
          asked.heard()
        }),
    },
  },
  errorOf: (thrown: unknown) => thrown,
}))

test('an estimate comes after what is missing, and only for what is wanted now', async () => {
  const { presets } = await import('../../../src-renderer/state/studies/presets.svelte.ts')
  /** Until its estimate is asked for; the promise stands in a list, so that it is not awaited too. */
  async function begun(): Promise<[Promise<void>]> {
    const { promise, resolve } = Promise.withResolvers<void>()
    asked.heard = resolve
    const filled = presets.fill()
    await promise
    return [filled]
  }
  presets.wanted.seeds = 1
  const [first] = await begun()
  expect(presets.answer).toMatchObject({ estimating: true, taken: null, filled: { runs: 4 } })
  presets.wanted.seeds = 2
  const [second] = await begun()
  asked.estimates[0]?.({ runs: 4 })
  await first
  expect(presets.answer).toMatchObject({ estimating: true, taken: null })
  asked.estimates[1]?.({ runs: 8, done: 3 })
  await second
  expect(presets.answer).toMatchObject({
    estimating: false,
    taken: { grant: 'the library', of: 'of 2', runs: 8, done: 3 },
  })
})
