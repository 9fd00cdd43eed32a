// The list of all runs, page by page: what is read while it is being read again stays. The other side is a double whose
// answers come when the test says so.
import { expect, test, vi } from 'vitest'

const asked = vi.hoisted(() => ({ waiting: [] as { offset: number; answer: () => void }[] }))
vi.mock('../../../../src-renderer/bridge.ts', () => ({
  client: {
    preferences: { all: async () => ({}), keep: async () => true },
    runs: {
      list: ({ offset }: { offset: number }) =>
        new Promise((resolve) => {
          const rows = Array.from({ length: 60 }, (_, i) => ({ run: offset + i }))
          asked.waiting.push({ offset, answer: () => resolve({ rows, total: 180 }) })
        }),
      found: async () => ({ runs: [] }),
    },
  },
  errorOf: (thrown: unknown) => thrown,
}))

const answer = (offset: number) =>
  asked.waiting.splice(
    asked.waiting.findIndex((one) => one.offset === offset),
    1,
  )[0]

test('a page that comes into sight while the list is read again stays when that answer comes', async () => {
  const { history } = await import('../../../../src-renderer/state/history/list.svelte.ts')
  const first = history.refresh()
  answer(0)?.answer()
  await first
  const again = history.refresh()
  const scrolled = history.need(60, 119)
  answer(60)?.answer()
  await scrolled
  answer(0)?.answer()
  await again
  expect([history.at(0), history.at(60)]).toMatchObject([{ run: { run: 0 } }, { run: { run: 60 } }])
})
