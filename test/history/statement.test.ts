// Prepared statements: those in use are kept, and a long session of searches does not keep one for each text for ever.
import { expect, test, vi } from 'vitest'

import { row } from '../../src-main/history/statement.ts'
import { folder, opened } from './rows.ts'

test('of more texts than a few hundred the least recently used are prepared anew', async () => {
  const history = await opened(folder())
  const prepare = vi.spyOn(history.db, 'prepare')
  const ask = (n: number): number => {
    const before = prepare.mock.calls.length
    expect(row(history, `SELECT ${n} AS n`)).toEqual({ n })
    return prepare.mock.calls.length - before
  }
  expect([ask(1), ask(1), ask(2)]).toEqual([1, 0, 1])
  for (let n = 3; n < 1000; n++) {
    ask(n)
    expect(ask(1)).toBe(0) // in use all the time
  }
  expect([ask(999), ask(2)]).toEqual([0, 1])
})
