// Find and do: runs that were found for what was typed before are not told as found for what is typed now. The other
// side is a double whose answers come when the test says so.
import { expect, test, vi } from 'vitest'

const asked = vi.hoisted(() => ({ answers: [] as (() => void)[] }))
vi.mock('../../../src-renderer/bridge.ts', () => ({
  client: {
    preferences: { all: async () => ({}), keep: async () => true },
    runs: {
      list: ({ query }: { query: string }) =>
        new Promise((resolve) => {
          asked.answers.push(() => resolve({ rows: [{ run: 7, name: `of ${query}`, method: 'atlas', state: 'done' }] }))
        }),
    },
    studies: { list: async () => [] },
  },
  errorOf: (thrown: unknown) => thrown,
}))

test('runs say what they were found for, until the answer to what is typed now comes', async () => {
  const { palette } = await import('../../../src-renderer/state/palette/palette.svelte.ts')
  const first = palette.find('cars')
  asked.answers.shift()?.()
  await first
  const next = palette.find('svhn')
  expect([palette.query, palette.runsOf, palette.runs[0]?.name]).toEqual(['svhn', 'cars', 'of cars'])
  asked.answers.shift()?.()
  await next
  expect([palette.runsOf, palette.runs[0]?.name]).toEqual(['svhn', 'of svhn'])
})
