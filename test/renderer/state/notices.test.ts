// A notice goes when its action is tried again, when the page changes and when its cause is gone; there is one of each.
import { expect, it } from 'vitest'

import { BasilError } from '../../../src-main/contract/errors.ts'
import { Notices } from '../../../src-renderer/state/notices.svelte.ts'

const failure = (what: string, where = '') =>
  new BasilError({ code: 'run-state', what, where, why: 'because', next: 'wait' })
const shown = (notices: Notices) => notices.list.map(({ error, of }) => [error.what, error.where, of])

it('of one action the newest failure alone is told, whatever it says', () => {
  const notices = new Notices()
  notices.add(failure('A run is at work'), 'start-run')
  notices.add(failure('The disk is full'), 'start-run')
  notices.add(failure('The file is gone'), 'open')
  expect(shown(notices)).toEqual([
    ['The disk is full', '', 'start-run'],
    ['The file is gone', '', 'open'],
  ])
})

it('the same failure of something else is told once, with where it is now', () => {
  const notices = new Notices()
  for (const where of ['a.json', 'b.json', 'c.json']) notices.add(failure('This is not a configuration', where))
  expect(shown(notices)).toEqual([['This is not a configuration', 'c.json', null]])
})

it('goes when its action is tried again, and when the page changes', () => {
  const notices = new Notices()
  notices.add(failure('A run is at work'), 'start-run')
  notices.add(failure('The file is gone'), 'open')
  notices.begun('start-run')
  expect(shown(notices).map(([what]) => what)).toEqual(['The file is gone'])
  notices.turned()
  expect(notices.list).toEqual([])
})

it('an answer ends the news of the silence, and nothing else', () => {
  const notices = new Notices()
  notices.add(failure('Basil did not answer'))
  notices.add(failure('The file is gone'))
  notices.answered()
  expect(shown(notices).map(([what]) => what)).toEqual(['The file is gone'])
})
