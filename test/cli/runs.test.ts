// basil runs from a terminal: the same query as in the window, tags shown; and what is said of runs is kept.

import { expect, test } from 'vitest'

import type { ListedRun } from '../../src-main/contract/api/runs.ts'
import { openHistory } from '../../src-main/history/open.ts'
import { putRun } from '../history/whole.ts'
import { temporaryFolder } from '../workbench/toy.ts'
import { basilSync, withToy } from './terminal.ts'

test('runs are found by a query, tagged, renamed, pinned and thrown away', async () => {
  const home = temporaryFolder()
  const history = await openHistory(home)
  for (const name of ['first cars', 'second', 'third cars']) putRun(history, name)
  history.close()
  const basil = (...args: string[]) => basilSync(['runs', ...args], { home, env: withToy() })
  const found = (...query: string[]) => (JSON.parse(basil(...query, '--json').out) as ListedRun[]).map(({ run }) => run)

  const wrong = basil('methd:x')
  expect([wrong.code, wrong.out]).toEqual([2, ''])
  expect(wrong.err).toContain('there is no field “methd”. Next: fields are state, method')
  expect(basil('tag', '1', '2', '--add', 'paper', 'look at').out).toContain('#look at  #paper')
  expect(basil('rename', '2', 'a better name').out).toContain('a better name')
  expect(basil('pin', '1').out).toContain('pinned')
  expect(basil('trash', '3', '99').err).toContain('There is no such run')
  expect(basil('trash', '3').out).toContain('in the trash')
  expect(basil().out).toMatch(/^ {4}1 .*first cars.*pinned {2}#look at {2}#paper\n {4}2 .*a better name/)
  expect(found('-tag:other', 'cars', 'state:done', 'run<4')).toEqual([1])
  expect(found('is:trash')).toEqual([3])
})
