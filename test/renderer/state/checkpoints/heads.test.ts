// The dialog that makes a head, asked for while Basil does not answer.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { heads } from '../../../../src-renderer/state/checkpoints/heads.svelte.ts'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

test('it opens with the first click, with the names of the data set, before any list has been read', async () => {
  const asked = heads.show('make', 'pets', ['cat', 'dog']) // of a bridge that nobody started
  expect(heads.open).toBe(true)
  expect(heads.begin).toEqual({ name: 'pets', classes: ['cat', 'dog'] })
  expect(heads.prompts.classes).toEqual([])
  const refused = expect(asked).rejects.toMatchObject({ record: { code: 'internal', what: 'Basil did not answer' } })
  await vi.runAllTimersAsync()
  await refused
  expect(heads.open).toBe(true) // names of one's own need no list
})

test('an answer that comes late does not open it again, nor begin it anew', async () => {
  const first = heads.show('make', 'pets', ['cat', 'dog'])
  const gone = expect(first).rejects.toThrow()
  heads.open = false
  const second = heads.show('import', 'digits')
  const refused = expect(second).rejects.toThrow()
  heads.open = false
  await vi.runAllTimersAsync()
  await Promise.all([gone, refused])
  expect(heads.open).toBe(false)
  expect([heads.way, heads.begin.name]).toEqual(['import', 'digits'])
})
