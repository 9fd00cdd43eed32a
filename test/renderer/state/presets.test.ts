// A table that is to be reproduced: what it needs is shown at once, what it takes when that is known, and an answer to
// an older wish is dropped. The other side is a double whose estimates come when the test says so.
import { expect, test, vi } from 'vitest'

const asked = vi.hoisted(() => ({ estimates: [] as ((taken: object) => void)[] }))
vi.mock('../../../src-renderer/bridge.ts', () => ({
  client: {
    preferences: { all: async () => ({}), keep: async () => true },
    projects: { library: async () => ({ grant: 'the library' }) },
    studies: {
      fill: async ({ seeds }: { seeds: number }) => ({ definition: { name: `of ${seeds}` }, missing: [], runs: 4 }),
      estimate: ({ grant, definition }: { grant: string; definition: { name: string } }) =>
        new Promise((resolve) => asked.estimates.push((taken) => resolve({ grant, of: definition.name, ...taken }))),
    },
  },
  errorOf: (thrown: unknown) => thrown,
}))

test('an estimate comes after what is missing, and only for what is wanted now', async () => {
  const { presets } = await import('../../../src-renderer/state/studies/presets.svelte.ts')
  presets.wanted.seeds = 1
  const first = presets.fill()
  await vi.waitFor(() => expect(asked.estimates).toHaveLength(1))
  expect(presets.answer).toMatchObject({ estimating: true, taken: null, filled: { runs: 4 } })
  presets.wanted.seeds = 2
  const second = presets.fill()
  await vi.waitFor(() => expect(asked.estimates).toHaveLength(2))
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
