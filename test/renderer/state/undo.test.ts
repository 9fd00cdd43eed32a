// What is taken away for good is so only once nobody can bring it back any more.
import { expect, test, vi } from 'vitest'

import { undo } from '../../../src-renderer/state/undo.svelte.ts'

test('what cannot be brought back is done when the offer grows old, is put away or replaced, not when it is used', async () => {
  vi.useFakeTimers()
  const done: string[] = []
  const offer = (name: string) =>
    undo.give(
      name,
      () => void done.push(`undo ${name}`),
      () => done.push(name),
    )
  offer('a')
  await undo.use()
  expect(done).toEqual(['undo a'])
  offer('b')
  offer('c')
  expect(done).toEqual(['undo a', 'b'])
  await vi.advanceTimersByTimeAsync(30_000)
  expect(done).toEqual(['undo a', 'b', 'c'])
  offer('d')
  undo.close()
  expect([done.at(-1), undo.offer]).toEqual(['d', null])
  vi.useRealTimers()
})
